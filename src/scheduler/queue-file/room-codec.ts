import type { HostId } from "../../protocol/ids.ts"
import { type Codec, list, record } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"
import type { Policy } from "../policy/policy.ts"
import type { QueueJob } from "../queue/queue-scene.ts"
import { hostNames, nullable } from "./file-codecs.ts"
import type { DescribedJob } from "./job-codec.ts"
import { moment } from "./moment-codecs.ts"

/** Room that others were asked to make for a job, as a file describes it. */
export interface DescribedRoom {
  readonly partition: string | null
  readonly hosts: readonly string[]
  readonly startMs: number
  readonly endMs: number | null
}

export function roomCodec(nowMs: number): Codec<readonly DescribedRoom[]> {
  const at = moment(nowMs)
  return list(
    record<DescribedRoom>(
      {
        partition: ["partition", nullable(text)],
        hosts: ["hosts", hostNames],
        startMs: ["start", at],
        endMs: ["end", nullable(at)],
      },
      { partition: null, hosts: [], startMs: nowMs, endMs: null },
    ),
    "rooms: {partition, hosts, start, end}",
  )
}

/** Those of a job as a scene has them; where no partition is said it is the job's first one. */
export function roomsAsked(
  { roomAsked, partitions }: Pick<DescribedJob, "roomAsked" | "partitions">,
  { defaultPartition }: Policy,
  hostCalled: (name: string) => HostId,
): Pick<QueueJob, "roomAsked"> {
  if (roomAsked.length === 0) return {}
  return {
    roomAsked: roomAsked.map((one) => ({
      ...one,
      partition: one.partition ?? partitions?.[0] ?? defaultPartition,
      hosts: one.hosts.map(hostCalled),
    })),
  }
}
