import type { HiveNetwork } from "../../protocol/hive-network.ts"
import type { HivePlan } from "../plan/model-plan.ts"
import { commonNets } from "./way.ts"

/** Slower than two tokens a second, and most of that because of tunnels: whoever waits for an answer is better served by anything else. */
const POINTLESS_TOKEN_MS = 500
const POINTLESS_SHARE = 1 / 2

export type NetworkChoice =
  | { readonly network: HiveNetwork | undefined; readonly refusal: null }
  /** No way that its members may talk over, in words. */
  | { readonly network: null; readonly refusal: "untrusted" | "pointless" | "loopback_only" }

/**
 * What the members of a plan talk over: cables between just them, else networks that are trusted and that all are in, else any where that is accepted for
 * the model, else tunnels, which only an engine can use whose head connects to each worker (llama.cpp; MLX's ranks form a ring, by the addresses that
 * they say to each other).
 * @param acceptsAny an administrator accepted any network for the model
 */
export function networkFor(
  plan: Pick<HivePlan, "engine" | "members" | "ways" | "hopsMs" | "tokenMs">,
  acceptsAny: boolean,
): NetworkChoice {
  const hosts = plan.members.map(({ host }) => host)
  if (hosts.length === 1) return { network: undefined, refusal: null }
  const isShut = hosts.some(({ isLoopbackOnly }) => isLoopbackOnly === true)
  if (!isShut) {
    if (plan.ways.every(({ kind }) => kind === "thunderbolt"))
      return { network: { kind: "thunderbolt" }, refusal: null }
    const nets = commonNets(hosts)
    if (nets.length > 0) return { network: { kind: "trusted", nets }, refusal: null }
    if (acceptsAny) return { network: { kind: "accepted" }, refusal: null }
  }
  if (plan.engine !== "llama.cpp") return { network: null, refusal: isShut ? "loopback_only" : "untrusted" }
  const isPointless = plan.tokenMs > POINTLESS_TOKEN_MS && plan.hopsMs > plan.tokenMs * POINTLESS_SHARE
  if (isPointless) return { network: null, refusal: "pointless" }
  return { network: { kind: "tunnel" }, refusal: null }
}
