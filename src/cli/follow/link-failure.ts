import { isBroken } from "../client.ts"

/** How long a command that follows a job waits for its server to come back. */
export const SERVER_PATIENCE_MS = 60_000

/** Whether reading failed because the connection did, so that asking again can help. */
export function isLinkFailure(error: unknown): boolean {
  if (isBroken(error)) return true
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return code === "ERR_STREAM_PREMATURE_CLOSE" || message === "aborted" || message === "terminated"
}
