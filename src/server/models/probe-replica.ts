import type { ModelRecord, ReplicaRecord } from "../../store/model-record.ts"
import type { Core } from "../core.ts"
import { keyContext } from "./begin-hive.ts"
import type { LiveReplica } from "./live-replica.ts"
import type { ModelLimits } from "./model-limits.ts"
import { openToHead, probeHead } from "./reach-head.ts"
import { MOST_TUNNELS, TunnelAgent } from "./tunnel-agent.ts"

const WORD_BYTES = 6

/**
 * Has a token come through the tunnel from a replica whose hive says that it is ready: a few tries, then it counts as lost. Asked again while a
 * try is under way, or not due yet, it does nothing.
 * @param look is called when it is known
 */
export function probeReplica(
  core: Core,
  limits: ModelLimits,
  model: ModelRecord,
  record: ReplicaRecord,
  live: LiveReplica,
  look: () => void,
): void {
  const { job } = record
  const ready = live.watch?.ready
  if (job === null || ready == null || live.probe === "running" || record.sealedKey === null) return
  if (live.probeAgainAt !== null && live.probeAgainAt > core.clock.now()) return
  const key = core.secrets.open(record.sealedKey, keyContext(record))
  live.probe = "running"
  live.probeAgainAt = null
  live.agent ??= new TunnelAgent(() => openToHead(core, job, ready.port))
  const { turn, agent } = live
  const word = Buffer.from(core.randomBytes(WORD_BYTES)).toString("hex")
  const { engine, purpose } = model.options
  const slots = Math.min(model.options.slots, MOST_TUNNELS)
  const { signal } = core
  // Behind requests that take all its slots a token would wait for its turn: its member sees whether these get on.
  const isFull = live.inFlight >= slots
  const probed = { agent, engine, purpose, alias: model.name, key, word, isFull, limitMs: limits.probeMs, signal }
  void probeHead(probed).then((problem) => {
    if (live.turn !== turn || signal.aborted) return
    if (problem === null) {
      live.probe = "good"
      live.probeTries = 0
      live.prefix = `${record.model}/${record.number}/${job}/`
      const id = `${live.prefix}${live.watch?.attempt}/${turn}`
      const rate = record.plan?.tokensPerSecond
      live.served = {
        ...(rate == null ? {} : { plannedTokenMs: 2_000 / (rate.low + rate.high) }),
        id,
        url: `http://127.0.0.1:${ready.port}`,
        model: model.name,
        slots,
        key,
        agent,
        whyCut: live.whyCut(core.table.live(job)),
        ...(live.watch === null ? {} : { readings: live.watch.readings }),
      }
    } else if (++live.probeTries >= limits.probeTries) live.probe = "bad"
    else {
      live.probe = "unknown"
      live.probeAgainAt = core.clock.now() + limits.probeAgainMs
    }
    look()
  })
}
