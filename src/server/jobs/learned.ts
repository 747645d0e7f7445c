import { type LearnedNeed, learnedNeed } from "../../protocol/earlier-runs.ts"
import type { JobSpec } from "../../protocol/job.ts"
import type { ResourceRequest } from "../../protocol/resources.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import type { FleetHost } from "../fleet/fleet-host.ts"

/** What earlier runs of this job teach where its sender said nothing of memory; `null` where that is nothing. */
export function learnedFor(core: Core, user: string, spec: JobSpec): LearnedNeed | null {
  if (spec.resources.memoryBytes !== null || spec.kind !== "task") return null
  const peaks = core.store.jobs.peaksOf(user, spec)
  return peaks.length === 0 ? null : learnedNeed(peaks, mostMemory(core, spec))
}

/** The most memory that a host of the pool could ever give such a job. */
function mostMemory(core: Core, { host, resources }: JobSpec): number {
  const hosts = core.fleet.all().filter(({ record }) => record.facts !== null)
  const possible = host === null ? hosts : hosts.filter(({ record }) => record.name === host || record.id === host)
  const fitting = possible.filter(({ total }) => (resources.gpus ?? 0) <= total.gpus)
  return fitting.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...fitting.map((one) => mostOn(one, resources)))
}

/** The most memory a job may have there, by whether it would lease the GPU. */
export function mostOn({ total, record }: Pick<FleetHost, "total" | "record">, { gpus }: ResourceRequest): number {
  const usesGpu = (gpus ?? Math.min(1, total.gpus)) > 0
  return usesGpu ? Math.min(total.memoryBytes, record.facts?.gpuMemoryBytes ?? total.memoryBytes) : total.memoryBytes
}

/** What a job is given a lease for: as asked, or else as learned. */
export function countedResources({
  spec: { resources },
  learned,
}: Pick<JobRecord, "spec" | "learned">): ResourceRequest {
  if (resources.memoryBytes !== null || learned === undefined) return resources
  return { ...resources, memoryBytes: learned.leaseBytes }
}
