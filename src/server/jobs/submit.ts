import { formatBytes } from "../../base/bytes.ts"
import { WindfallError } from "../../protocol/errors.ts"
import { hostsOf } from "../../protocol/gang.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { JobSpec } from "../../protocol/job.ts"
import { DEFAULT_MEMORY_BYTES, fits, needOn } from "../../protocol/resources.ts"
import { HOST_QUARANTINE_CRASHES } from "../../scheduler/obstacle.ts"
import { reasonText } from "../../scheduler/queue/reason-text.ts"
import { type JobRecord, untriedJob } from "../../store/job-record.ts"
import { arrayOf, checkArray } from "../arrays/check-array.ts"
import { withTasksNamed } from "../arrays/named-tasks.ts"
import type { Core } from "../core.ts"
import { checkDataPaths, resolveData } from "../data/job-data.ts"
import { checkTargets, targetIds } from "../notify/targets.ts"
import { refusedByLimits } from "../queue/check-limits.ts"
import { checkQueue, waitsForNamesakes } from "../queue/check-queue.ts"
import { gateOf } from "../queue/gate.ts"
import { keepersText } from "./keepers-text.ts"
import { learnedFor, mostOn } from "./learned.ts"

/**
 * Looks whether the sender's blobs of a job are whole on the server. May take a while for a large tree seen first, and for one
 * of which the disk has lost something: all that is damaged is then named at once.
 * @throws {WindfallError} blobs_missing with `details.missing`
 */
export async function checkBlobs(core: Core, user: string, specs: readonly JobSpec[]): Promise<void> {
  await core.blobs.settled(user)
  const missing = new Set<string>()
  const workspaces = new Set<BlobHash>()
  for (const { workspace, stdin } of specs) {
    if (workspace !== null) workspaces.add(workspace)
    if (stdin !== null && !core.blobs.of(user).blobs.has(stdin)) missing.add(stdin)
  }
  for (const root of workspaces) {
    for (const hash of await core.blobs.missingOfTree(user, root, core.signal)) missing.add(hash)
  }
  if (missing.size > 0) {
    throw new WindfallError(
      "blobs_missing",
      `Cannot accept the job: ${missing.size} blobs of its workspace are not here`,
      {
        hint: "Send its folder again: windfall send   or the blobs alone: POST /v1/blobs",
        details: { missing: [...missing].slice(0, 100_000) },
      },
    )
  }
}

/**
 * Looks whether jobs could be taken into the queue as things are, whatever their files. Gives them back with their data as it
 * is now.
 * @throws {WindfallError} name_taken, secret_not_found, data_not_found, host_not_found, never_fits, invalid_input, not_allowed
 */
export function checkJobs(core: Core, user: string, specs: readonly JobSpec[]): readonly JobSpec[] {
  const names = new Set<string>()
  const told = new Set<string>()
  const wholes: JobSpec[] = []
  for (const [i, sent] of specs.entries()) {
    let spec = sent
    try {
      if (!waitsForNamesakes(spec)) checkName(core, user, spec.name, names)
      checkSecrets(core, user, spec)
      checkTold(core, user, spec, told)
      checkArray(spec)
      spec = withTasksNamed(core, spec)
      checkQueue(core, user, spec)
      const whole = spec.data.length === 0 ? spec : { ...spec, data: resolveData(core, user, spec) }
      checkFits(core, user, whole)
      wholes.push(whole)
    } catch (error) {
      throw specs.length === 1 ? error : ofBatch(error, spec, i + 1, specs.length)
    }
  }
  const refused = refusedByLimits(core, user, wholes)
  if (refused === null) return wholes
  const { at, error } = refused
  throw specs.length === 1 ? error : ofBatch(error, wholes[at]!, at + 1, specs.length)
}

/**
 * Takes jobs into the queue, all or none. Within a change.
 * @throws {WindfallError} as {@link checkJobs}: nothing was changed then
 */
export function submitJobs(core: Core, user: string, specs: readonly JobSpec[]): JobRecord[] {
  const wholes = checkJobs(core, user, specs)
  for (const spec of wholes) checkDataPaths(core, user, spec)
  const now = core.clock.now()
  return wholes.map((spec) => {
    const learned = learnedFor(core, user, spec)
    const array = arrayOf(spec)
    const job: JobRecord = {
      ...untriedJob({
        id: core.table.nextId(array?.all.size),
        user,
        spec: withTargetIds(core, user, spec),
        submittedAt: now,
      }),
      ...(learned === null ? {} : { learned }),
      ...(spec.queue?.hold === true ? { standing: { hold: "user" } } : {}),
      ...(array === undefined ? {} : { array }),
    }
    keepOut(core, job)
    core.table.add(job)
    core.ledger.jobAdded(job)
    core.ledger.event({ type: "job_submitted", job: job.id, user, name: spec.name }, user)
    core.wakePlanner()
    return job
  })
}

/** It does not stand in the queue before it may. That it will never run is told by the next look, with its event. */
function keepOut(core: Core, job: JobRecord): void {
  if (job.spec.queue === undefined) return
  const now = core.clock.now()
  const gate = gateOf(core, { ...job, state: "held" }, now)
  if (gate.state === "open") return
  job.state = "held"
  job.reason = reasonText(gate.reason, now)
}

/** Says which of a batch is refused. */
function ofBatch(error: unknown, spec: JobSpec, number: number, of: number): unknown {
  if (!(error instanceof WindfallError)) return error
  const { code, message, hint, details } = error
  const name = spec.name === null ? "" : `, "${spec.name}"`
  return new WindfallError(code, `${message} (job ${number} of ${of}${name}; none was accepted)`, { hint, details })
}

function checkName(core: Core, user: string, name: string | null, names: Set<string>): void {
  if (name === null) return
  const holder = core.table.named(user, name)
  if (holder !== undefined || names.has(name)) {
    const who = holder === undefined ? "two jobs of this batch have it" : `your unfinished job ${holder} has it`
    throw new WindfallError("name_taken", `Cannot name the job "${name}": ${who}`, {
      hint:
        holder === undefined
          ? "Give each its own name"
          : `Choose another name, or stop that job: windfall stop ${holder}`,
    })
  }
  names.add(name)
}

function checkSecrets(core: Core, user: string, spec: JobSpec): void {
  for (const name of spec.secrets) {
    if (core.store.accounts.secret(user, name) !== undefined) continue
    throw new WindfallError("secret_not_found", `Cannot give the job the secret ${name}: you have none of that name`, {
      hint: `Store it first: windfall secret set ${name}`,
    })
  }
}

/** @param told what all jobs of the batch up to this one name: a batch mostly names the same */
function checkTold(core: Core, user: string, { notify }: JobSpec, told: Set<string>): void {
  const before = told.size
  for (const target of notify?.targets ?? []) told.add(target)
  if (told.size > before) checkTargets(core, user, [...told])
}

/** What is stored of a job has no address in it. */
function withTargetIds(core: Core, user: string, spec: JobSpec): JobSpec {
  const { notify } = spec
  if (notify === null || notify.targets === null) return spec
  return { ...spec, notify: { ...notify, targets: targetIds(core, user, notify.targets) } }
}

/** Refuses a job for the one host that does not get it any more. Others of the pool may take what names none. */
function checkCrashes(core: Core, user: string, spec: JobSpec): void {
  if (spec.host === null) return
  const { name, id } = core.fleet.find(spec.host).record
  const times = core.store.jobs.crashes.of(user, spec).find(({ host }) => host === id)?.times ?? 0
  if (times < HOST_QUARANTINE_CRASHES) return
  throw new WindfallError(
    "never_fits",
    `Cannot accept the job: ${name} crashed ${times} times while it ran such jobs`,
    {
      hint: "Leave --host out, so that another Mac takes it. To try it there all the same, send it under another name: -J NAME",
    },
  )
}

/** Refuses what no host of the pool could ever run. With no host at all it may wait: the first may be on its way. */
function checkFits(core: Core, user: string, spec: JobSpec): void {
  const hosts = spec.host === null ? core.fleet.all() : [core.fleet.find(spec.host)]
  const known = hosts.filter(({ record }) => record.facts !== null)
  if (known.length === 0 || known.length < hosts.length) return
  checkCrashes(core, user, spec)
  const fitting = known.filter((host) => {
    const total = { ...host.total, memoryBytes: mostOn(host, spec.resources) }
    return fits(needOn(spec.resources, host.total), total)
  })
  const lying = spec.data.filter(({ root }) => root === null).map(({ name }) => name)
  const able = fitting.filter(({ places }) => lying.every((name) => places.has(name)))
  const wanted = hostsOf(spec)
  if (able.length >= wanted) return
  if (able.length > 0) {
    throw new WindfallError(
      "never_fits",
      `Cannot accept the job: it asks for ${wanted} hosts, and ${counted(able.length, "host")} could ever take a member of it`,
      { hint: `Ask for fewer: --nodes ${able.length}   What each host has: windfall host ls` },
    )
  }
  if (fitting.length > 0) {
    const where = spec.host === null ? "no host that is large enough has" : `the host ${spec.host} does not have`
    throw new WindfallError("never_fits", `Cannot accept the job: ${where} the data ${lying.join(" and ")}`, {
      hint: `Where it lies: windfall data show ${lying[0]}`,
    })
  }
  const { cores, gpus } = spec.resources
  const memoryBytes = spec.resources.memoryBytes ?? DEFAULT_MEMORY_BYTES
  const asked = [formatBytes(memoryBytes), counted(cores, "core"), ...(gpus ? [counted(gpus, "GPU")] : [])].join(", ")
  const most = (what: "cores" | "gpus") => Math.max(...known.map(({ total }) => total[what]))
  const withGpus = known.filter(({ total }) => total.gpus >= (gpus ?? 0))
  const possible = withGpus.length > 0 ? withGpus : known
  const mostBytes = Math.max(...possible.map((host) => mostOn(host, spec.resources)))
  const isMetals = mostBytes < Math.max(...possible.map(({ total }) => total.memoryBytes))
  const memory = `${formatBytes(mostBytes)}${isMetals ? " for a job with the GPU (Metal's share of the memory)" : ""}`
  // A rule may be taken back; all the same nobody shall wait for that unawares.
  const rules = keepersText(core, spec, known)
  if (rules !== null) {
    const who = spec.host === null ? "no host gives" : `the host ${spec.host} does not give`
    throw new WindfallError("never_fits", `Cannot accept the job: by the rules as they are now ${who} it ${asked}`, {
      hint: `${rules}. Whose rules they are may change them: windfall mac rules keep_memory=SIZE --host HOST`,
    })
  }
  const who = spec.host === null ? "no host could ever" : `the host ${spec.host} could never`
  throw new WindfallError("never_fits", `Cannot accept the job: ${who} give it ${asked}`, {
    hint: `The most a host gives: ${memory}, ${counted(most("cores"), "core")}, ${counted(most("gpus"), "GPU")}. What each has: windfall host ls`,
  })
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`
}
