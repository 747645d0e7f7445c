import type { ModelView } from "../../protocol/model-api.ts"
import type { HivePlan } from "../plan/model-plan.ts"
import type { Fleet } from "./fleet.ts"

/** Of models, what says which hosts they have, and of what. */
export type ServedModel = Pick<ModelView, "name" | "weights"> & {
  readonly replicas: readonly Pick<ModelView["replicas"][number], "state" | "plan">[]
}

/** Those that are served from what is planned, as far as names and bytes tell. @param names of its files and its folder */
export function servedFrom(models: readonly ServedModel[], names: ReadonlySet<string>, bytes: number): ServedModel[] {
  return models.filter(({ weights, replicas }) => {
    const name = (weights.file ?? weights.data).split("/").at(-1) ?? ""
    return names.has(name) && weights.bytes >= bytes && replicas.some(({ plan }) => plan !== null)
  })
}

/** What they hold, by the name of the host. */
export function heldBy(models: readonly ServedModel[]): ReadonlyMap<string, number> {
  const members = models.flatMap(({ replicas }) => replicas.flatMap(({ plan }) => plan?.members ?? []))
  return new Map(members.map(({ hostName, needBytes }) => [hostName, needBytes]))
}

/** Why a host is not free for another model: a Mac takes one hive at a time. */
export function servedThereText(name: string, isEnding: boolean): string {
  return `${name} is ${isEnding ? "ending" : "served"} there`
}

/** Which models each host has, by its name, and why it is not free. */
export function servedOn(
  models: readonly ServedModel[],
): ReadonlyMap<string, { readonly model: string; readonly why: string }> {
  return new Map(
    models.flatMap(({ name, replicas }) =>
      replicas.flatMap(({ state, plan }) =>
        (plan?.members ?? []).map(({ hostName }) => [
          hostName,
          { model: name, why: servedThereText(name, state === "ending") },
        ]),
      ),
    ),
  )
}

/** The fleet without the hosts that other models have. */
export function withoutServed(fleet: Fleet, served: ReturnType<typeof servedOn>): Fleet {
  if (served.size === 0) return fleet
  return {
    ...fleet,
    hosts: fleet.hosts.map((host) => ({ ...host, excluded: host.excluded ?? served.get(host.name)?.why ?? null })),
  }
}

/**
 * What those models that are served are in the way of.
 * @param found what is planned beside them
 * @param alone what would be planned if none were served
 * @returns `null` where that is not better
 */
export function servedRemedy(
  served: ReturnType<typeof servedOn>,
  found: readonly HivePlan[],
  alone: readonly HivePlan[],
): string | null {
  const membersOf = ([hive]: readonly HivePlan[]) => hive?.members.length ?? Number.POSITIVE_INFINITY
  if (alone.length < found.length || (alone.length === found.length && membersOf(alone) >= membersOf(found)))
    return null
  const used = alone.flatMap(({ members }) => members.map(({ host }) => served.get(host.name)?.model))
  const names = [...new Set(used.filter((name) => name !== undefined))]
  if (names.length === 0) return null
  const one = names.length === 1
  const where = membersOf(alone) === 1 ? "on one Mac" : `over ${membersOf(alone)} Macs`
  const times = alone.length > 1 ? `, ${alone.length} times` : ""
  const stops = names.map((name) => `windfall model stop ${name}`).join("; ")
  return `Without ${names.join(", ")}, which ${one ? "is" : "are"} served there, it fits ${where}${times}: ${stops}. One that nobody has used for a minute gives way by itself, unless it is to stay (--idle-stop never)`
}
