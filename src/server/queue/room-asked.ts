import type { HostId } from "../../protocol/ids.ts"
import type { RoomAsked } from "../../protocol/queue-request.ts"
import type { QueueEntry } from "../../scheduler/queue/queue-plan.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { setStanding } from "./standing.ts"

/**
 * Notes what others were asked to make room for, so that the job has it before all as soon as they are gone. Within a change.
 * @param entry as it is planned @param goneMs when the last of them is gone at the latest: their own grace may be longer than the plan knew
 */
export function noteRoomAsked(core: Core, entry: QueueEntry, goneMs: number): void {
  const record = core.table.live(entry.job)
  if (record === undefined || entry.startMs === null) return
  const laterMs = Math.max(0, goneMs - entry.startMs)
  const room: RoomAsked = {
    partition: entry.partition,
    hosts: entry.hosts,
    startMs: entry.startMs + laterMs,
    endMs: entry.endMs === null ? null : entry.endMs + laterMs,
  }
  const others = record.array === undefined ? [] : (record.standing?.roomAsked ?? [])
  setStanding(core, record, { roomAsked: [...others.filter((one) => !isOver(one, core.clock.now())), room] })
}

/** It starts there, or one of its tasks does. Within a change. */
export function forgetRoomAsked(core: Core, record: JobRecord, hosts: readonly HostId[]): void {
  const rooms = record.standing?.roomAsked
  if (rooms === undefined) return
  const used = rooms.findIndex(
    (one) => one.hosts.length === hosts.length && one.hosts.every((id) => hosts.includes(id)),
  )
  const left = record.array === undefined ? [] : rooms.filter((_, at) => at !== used)
  setStanding(core, record, { roomAsked: left.length === 0 ? undefined : left })
}

/** Nobody was in time for it. */
function isOver({ startMs }: RoomAsked, nowMs: number): boolean {
  return startMs + WAITED_MS < nowMs
}

const WAITED_MS = 60_000
