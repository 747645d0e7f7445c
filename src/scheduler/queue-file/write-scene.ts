import { withoutPlainDefaults } from "../policy/complete-policy.ts"
import type { Policy } from "../policy/policy.ts"
import { policyCodec } from "../policy/policy-codec.ts"
import { type DescribedScene, sceneCodec } from "./described-scene.ts"

/** What a policy has whoever wrote it: said, so that nothing that jobs name is added when the file is read. */
const PLAIN = { accounts: { default: {} }, partitions: { apple_gpu: {} }, qos: { normal: {} } }

/**
 * A described cluster, queue and moment as `readScene` takes it, as plain JSON.
 * @param about for who reads it
 */
export function writeScene(
  policy: Policy,
  described: DescribedScene,
  nowMs: number,
  about: string,
): Readonly<Record<string, unknown>> {
  const written = policyCodec.write({ ...policy, accounts: withoutPlainDefaults(policy.accounts) })
  return {
    about,
    now: new Date(nowMs).toISOString(),
    policy: { ...PLAIN, ...(plain(written) as object) },
    ...(plain(sceneCodec(nowMs).write(described)) as object),
  }
}

/** Mappings as JSON knows them. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]))
  return Array.isArray(value) ? value.map(plain) : value
}
