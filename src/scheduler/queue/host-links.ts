import type { Links } from "../links/choose-linked.ts"
import type { QueueHost } from "./queue-scene.ts"

/** The links between hosts of a scene; `null` where nothing is known of any. */
export function linksOf(hosts: readonly Pick<QueueHost, "id" | "linked">[]): Links | null {
  if (hosts.every(({ linked }) => linked === undefined)) return null
  const measured = (a: number, b: number) => {
    const there = hosts[a]?.linked?.mbpsTo.get(hosts[b]!.id)
    const back = hosts[b]?.linked?.mbpsTo.get(hosts[a]!.id)
    return there === undefined ? (back ?? null) : Math.min(there, back ?? there)
  }
  return { hosts: hosts.map(({ linked }) => linked), measured }
}
