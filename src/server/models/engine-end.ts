import type { LostNews } from "../../hive/order/hive-news.ts"
import type { JobRecord } from "../../store/job-record.ts"
import type { Core } from "../core.ts"
import { latestOf } from "../gang/members.ts"
import type { EngineEnd } from "../gateway/engine-readings.ts"
import { endOfMember } from "./end-of-member.ts"
import type { HiveWatch } from "./hive-watch.ts"

const NOT_OF_ENGINE = "it did not end by itself"
/** Those by which somebody ends a program, or a system that has no memory left. The others are what a program ends itself with. */
const FROM_OUTSIDE: ReadonlySet<string> = new Set(["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"])

/**
 * Tells those who had requests at a hive's engine how that has ended, as soon as it is known, or that it did for nothing of theirs.
 * @param job its record, in which its hosts' words appear
 */
export function tellEnd(core: Core, job: JobRecord, watch: HiveWatch): void {
  const look = () => {
    const end = endOf(job, watch)
    if (end !== undefined) watch.readings.settle(end)
  }
  const unlisten = core.ledger.onCommit(look)
  void watch.untilLost.then(look)
  watch.settle = () => void watch.readings.settle(endOf(job, watch) ?? { how: "other", why: NOT_OF_ENGINE })
  const over = () => {
    unlisten()
    watch.settle()
  }
  if (watch.over.aborted) over()
  else watch.over.addEventListener("abort", over, { once: true })
}

/** `undefined`: not known. */
function endOf(job: JobRecord, { lost, ready, attempt, hasReadAll }: HiveWatch): EngineEnd | undefined {
  const members = latestOf(job).filter(({ number }) => number === attempt)
  const killed = members.find(({ cause }) => cause === "out_of_memory")
  if (killed !== undefined) return { how: "memory", why: endOfMember(killed) ?? "" }
  if (lost !== null) return endOfLost(lost, ready !== null)
  // A program that ends by itself has said why, which may come later than its end.
  return members.some(({ cause }) => cause !== null && cause !== "member_ended" && (cause !== "exited" || hasReadAll))
    ? { how: "other", why: NOT_OF_ENGINE }
    : undefined
}

function endOfLost({ code, reason: said, signal, silentMs }: LostNews, wasReady: boolean): EngineEnd {
  // A member of one does not know its host's name, and needs no rank.
  const reason = said.replace(/^member 0 \(localhost\): /, "")
  if (!wasReady) return { how: "other", why: reason }
  switch (code) {
    case "out_of_memory":
      return { how: "memory", why: `out of memory: ${reason}` }
    case "stuck":
      return { how: "hung", why: reason, silentMs }
    // Of one that had answered: what its adapter takes for the model's fault came of a request, too.
    case "engine_ended":
    case "model_refused":
      return { how: signal !== undefined && FROM_OUTSIDE.has(signal) ? "killed" : "crashed", why: reason }
    default:
      return { how: "other", why: reason }
  }
}
