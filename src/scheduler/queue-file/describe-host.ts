import { isSame } from "../described/codec.ts"
import { preferredOn } from "../queue/preferences.ts"
import type { QueueHost, QueueScene } from "../queue/queue-scene.ts"
import { type DescribedHost, PLAIN_HOST } from "./host-codec.ts"
import type { DescribedLinks, DescribedNetwork } from "./link-codecs.ts"

/** @param facts what rules of the policy may name it by */
export function describeHost(
  scene: Pick<QueueScene, "policy" | "hosts">,
  host: QueueHost,
  facts: Partial<Pick<DescribedHost, "chip" | "labels">>,
): DescribedHost {
  const { total, ownerObstacles, users, places, link, reason, draining, withheld, owner, weight, partitions } = host
  const known = { ...PLAIN_HOST, ...facts }
  const byPolicy = preferredOn(scene.policy, { name: host.name, chip: known.chip, labels: known.labels })
  const prefers = host.prefers ?? []
  return {
    ...known,
    names: [host.name],
    ...total,
    gpuMemoryBytes: host.gpuMemoryBytes ?? null,
    memoryNowBytes: host.memoryNowBytes ?? null,
    owner,
    weight,
    partitions,
    users: users === null ? null : [...users],
    link,
    reason,
    draining,
    withheld,
    obstacles: ownerObstacles.map(({ code, text, until }) => ({ code, text, until })),
    expected: host.expected,
    data: [...places],
    trees: [...host.data],
    network: networkOf(host),
    linked: linksOf(scene, host),
    keeps: host.keeps ?? null,
    prefers: isSame(prefers, byPolicy) ? null : prefers,
  }
}

function networkOf({ network }: QueueHost): DescribedNetwork | null {
  return network === undefined ? null : { ...network, trees: [...network.trees] }
}

/** What was measured to others than hosts of the pool is of no use to a plan. */
function linksOf({ hosts }: Pick<QueueScene, "hosts">, { linked }: QueueHost): DescribedLinks | null {
  if (linked === undefined) return null
  const { kind, mbps, peers, model, mbpsTo } = linked
  const measured = hosts.flatMap(({ id, name }) => {
    const to = mbpsTo.get(id)
    return to === undefined ? [] : [[name, to] as const]
  })
  return { kind, mbps, peers, model, mbpsTo: Object.fromEntries(measured) }
}
