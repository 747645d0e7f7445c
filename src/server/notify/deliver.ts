import type { NotifyBody } from "../../protocol/notify-api.ts"
import type { TargetRecord } from "../../store/notify-record.ts"
import type { Core } from "../core.ts"
import { post } from "./post.ts"
import { shape } from "./shapes.ts"
import { openTarget } from "./targets.ts"

const TIMEOUT_MS = 10_000

/** What became of one try. `refused`: this message will not be taken, whenever it is sent. */
export type Delivery =
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "failed"; readonly problem: string; readonly waitMs: number }

/** Bad for every message alike are 401, 403, 404, 410: the target is wrong, and may be right again. */
const REFUSES_MESSAGE: ReadonlySet<number> = new Set([400, 413, 415, 422])

/** Tries once to tell a target, for ten seconds at most. Never throws; `problem` has nothing secret in it. */
export async function deliver(core: Core, record: TargetRecord, message: NotifyBody): Promise<Delivery> {
  try {
    const target = openTarget(core, record)
    const { status, retryAfterMs } = await post(shape(target, message, core.clock.now()), {
      allowPrivate: core.limits.notifyPrivate,
      timeoutMs: TIMEOUT_MS,
      signal: core.signal,
    })
    if (status >= 200 && status < 300) return { kind: "taken" }
    const problem = `it answers with HTTP ${status}${status >= 300 && status < 400 ? ", a redirect, which is not followed" : ""}`
    if (REFUSES_MESSAGE.has(status)) return { kind: "refused", problem }
    return { kind: "failed", problem, waitMs: retryAfterMs ?? 0 }
  } catch (error) {
    return { kind: "failed", problem: (error as Error).message, waitMs: 0 }
  }
}
