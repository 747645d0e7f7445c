import type { HostId } from "../../protocol/ids.ts"
import { missingBytes, moveStep } from "../move.ts"
import { takesJobs } from "../obstacle.ts"
import { totalOf } from "./attempt-room.ts"
import type { QueueHost, QueueJob, QueueScene } from "./queue-scene.ts"

/**
 * Puts a job that starts where its data lies, as far as that changes nothing else: its host is exchanged only for one that is idle, too, and like it in
 * all that a plan looks at, for every job that waits. So the plan with the two exchanged is as good as it was: the same jobs start, and the same
 * is kept for others.
 */
export class LikeHosts {
  readonly #scene: QueueScene
  /** What a host is called in the plan, and which one it is. Only hosts that are like another one. */
  #real: Map<HostId, QueueHost> | undefined
  #like = new Map<HostId, readonly HostId[]>()
  /** By their names in the plan: somebody starts there. */
  readonly #taken = new Set<HostId>()

  constructor(scene: QueueScene) {
    this.#scene = scene
  }

  /** Where the job is to start that the plan starts on these hosts; to be asked for each start of a plan in its order. */
  hostsFor(job: QueueJob, hosts: readonly HostId[]): readonly HostId[] {
    this.#real ??= this.#findAlike()
    const real = this.#real
    const [host] = hosts
    if (hosts.length === 1 && host !== undefined && !this.#taken.has(host)) this.#exchange(real, job, host)
    for (const one of hosts) this.#taken.add(one)
    return hosts.map((one) => real.get(one)?.id ?? one)
  }

  #exchange(real: Map<HostId, QueueHost>, job: QueueJob, host: HostId): void {
    const isCheaper = (a: HostId, b: HostId) => {
      const [one, other] = [real.get(a)!, real.get(b)!]
      return missingBytes(job.data, one) - missingBytes(job.data, other) || moveStep(job, one) - moveStep(job, other)
    }
    const free = (this.#like.get(host) ?? []).filter((one) => !this.#taken.has(one))
    const best = free.reduce((first, one) => (isCheaper(one, first) < 0 ? one : first), host)
    if (best === host) return
    const [here, there] = [real.get(host)!, real.get(best)!]
    real.set(host, there)
    real.set(best, here)
  }

  #findAlike(): Map<HostId, QueueHost> {
    const { hosts, running, waiting, bookings } = this.#scene
    const real = new Map<HostId, QueueHost>()
    // Some hosts are better than others then.
    if (hosts.some(({ prefers = [] }) => prefers.length > 0)) return real
    // Who asks for several gets those that are linked best, and that is no look of one host.
    if (hosts.some(({ linked }) => linked !== undefined)) return real
    const busy = new Set(running.flatMap((one) => one.hosts))
    for (const booking of bookings) for (const id of booking.hosts) busy.add(id)
    const named = new Set<string>()
    const senders = new Set<string>()
    for (const { user, hostsWanted, crashes = [] } of waiting) {
      senders.add(user)
      for (const name of hostsWanted ?? []) named.add(name)
      for (const { host } of crashes) named.add(host)
    }
    const groups = new Map<string, HostId[]>()
    for (const host of hosts) {
      const { id, name, owner, expected } = host
      if (!takesJobs(host) || busy.has(id) || named.has(id) || named.has(name) || expected.length > 0) continue
      // Whose Mac it is matters to its owner's jobs only.
      const key = JSON.stringify([owner !== null && senders.has(owner) ? owner : null, ...looksOf(host)])
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [id])
      else group.push(id)
      real.set(id, host)
    }
    for (const group of groups.values()) for (const id of group) this.#like.set(id, group)
    return real
  }
}

function looksOf(host: QueueHost): readonly unknown[] {
  const { memoryBytes, gpus, cores } = totalOf(host)
  const { partitions, weight, gpuMemoryBytes = null } = host
  const users = host.users === null ? null : [...host.users].sort()
  const places = [...host.places].sort()
  return [weight, host.total.memoryBytes, gpuMemoryBytes, memoryBytes, gpus, cores, users, places, partitions]
}
