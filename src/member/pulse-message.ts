import type { LossCode } from "../hive/order/hive-news.ts"

/** What members say to the head, and the head to them. */
export type PulseMessage =
  /** It lives. Both ways. `at`: the head's own time, which is sent back at once as `echo`. */
  | { readonly type: "pulse"; readonly at?: number; readonly echo?: number }
  /** The first word of a member: what it has. */
  | { readonly type: "here"; readonly version: string }
  /** Its engine is up. */
  | { readonly type: "listening"; readonly port: number; readonly protocol: string | null }
  /** It was asked to end, and waits until the head lets it. */
  | { readonly type: "leaving" }
  /** It cannot go on, or the head cannot. */
  | {
      readonly type: "lost"
      readonly code: LossCode
      readonly reason: string
      readonly hint?: string
      readonly member: number | null
      readonly signal?: string
      readonly silentMs?: number
    }
  /** All versions agree: its engine may begin. From the head. */
  | { readonly type: "begin" }
  /** The head is gone: its engine may end. From the head. */
  | { readonly type: "stop" }
  /** Its engine is gone. */
  | { readonly type: "stopped" }

/** Who wrote it has the key, so only what goes wrong between releases is looked for. @throws {SyntaxError} */
export function readPulseMessage(text: string): PulseMessage {
  const raw = JSON.parse(text) as PulseMessage
  if (typeof raw !== "object" || raw === null || typeof raw.type !== "string") throw new SyntaxError("no message")
  return raw
}
