import type { Cause } from "../../protocol/job-state.ts"

const FULL = /No space left on device|\bENOSPC\b|the disk is full|^Cannot make room for |quota exceeded/i
const OF_ROOM: ReadonlySet<Cause | "gone"> = new Set([
  "disk_full",
  "data_failed",
  "environment_failed",
  "workspace_failed",
])

/** What a host says of an attempt that found no room there, with what to type. The host does not know how it is called here. */
export function withDiskAdvice(cause: Cause | "gone", message: string, hostName: string): string {
  if (!OF_ROOM.has(cause) || (cause !== "disk_full" && !FULL.test(message))) return message
  return `${message}. What is held there: windfall host show ${hostName}; on another host: windfall send --host NAME`
}
