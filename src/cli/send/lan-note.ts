import { isLinked } from "../../protocol/gang.ts"
import type { JobSpec } from "../../protocol/job.ts"

/** Private IPv4 ranges, link-local, and names that only multicast DNS knows. */
const LAN =
  /(?<![\w.])(10(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2}|169\.254(?:\.\d{1,3}){2}|[A-Za-z0-9-]+\.local)(?![\w.])/

/**
 * macOS 15 and newer let only children of a live SSH session open connections on the local network; a job that outlives
 * its session loses that. Said when the command or a variable names such an address.
 */
export function lanNote(spec: JobSpec): string | undefined {
  if (isLinked(spec)) return undefined
  const named = [...spec.command, ...Object.values(spec.env)]
    .map((text) => LAN.exec(text)?.[1])
    .find((one) => one !== undefined)
  if (named === undefined) return undefined
  return `the job names ${named}: on macOS 15 or newer a job reaches the local network only with --needs-lan`
}
