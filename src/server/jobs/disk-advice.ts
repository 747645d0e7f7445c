import type { Cause } from "../../protocol/job-state.ts"

const FULL = /No space left on device|\bENOSPC\b|the disk is full|^Cannot make room for |quota exceeded/i
const ADVICE = ". What is held there:"
const OF_ROOM: ReadonlySet<Cause | "gone"> = new Set([
  "disk_full",
  "data_failed",
  "environment_failed",
  "workspace_failed",
])

/** Whether an attempt came to nothing for want of room on its host's disk. */
export function isWithoutRoom(cause: Cause | "gone", message: string): boolean {
  return OF_ROOM.has(cause) && (cause === "disk_full" || FULL.test(message))
}

/** What a host says of an attempt that found no room there, with what to type. The host does not know how it is called here. */
export function withDiskAdvice(cause: Cause | "gone", message: string, hostName: string): string {
  if (!isWithoutRoom(cause, message)) return message
  return `${message}${ADVICE} windfall host show ${hostName}; on another host: windfall send --host NAME`
}

/** The same without what to type, which is for who sends jobs. */
export function withoutDiskAdvice(message: string): string {
  return message.split(ADVICE)[0] ?? message
}
