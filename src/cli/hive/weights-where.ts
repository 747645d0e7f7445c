import type { StoredDataView } from "../../protocol/data-api.ts"
import type { ModelView } from "../../protocol/model-api.ts"

/** Where the weights of a model lie. */
export interface Where {
  readonly data: string
  readonly version: number
  readonly bytes: number
  /** Hosts that hold it whole, of those that are connected; `null`: its data is not shared with who asks. */
  readonly hosts: readonly string[] | null
  /** Those that are just getting it. */
  readonly coming: StoredDataView["versions"][number]["coming"]
  readonly models: readonly string[]
}

/** Each version of the data that one may see, and what is served of others' besides. */
export function weightsWhere(data: readonly StoredDataView[], models: readonly ModelView[]): readonly Where[] {
  const own = data.flatMap((one) => one.versions.map((version) => whereOf(one.name, version, models)))
  return [...own, ...ofOthers(own, models)]
}

function whereOf(
  data: string,
  { version, bytes, hosts, coming }: StoredDataView["versions"][number],
  models: readonly ModelView[],
): Where {
  const names = models.filter(({ weights }) => weights.data === data && weights.version === version)
  return { data, version, bytes, hosts, coming, models: names.map(({ name }) => name) }
}

/** What is served of data that who asks may not see: what is known of the models themselves. */
function ofOthers(own: readonly Where[], models: readonly ModelView[]): readonly Where[] {
  const seen = new Set(own.flatMap((one) => one.models))
  const others = new Map<string, Where>()
  for (const { name, weights } of models) {
    if (seen.has(name)) continue
    const { data, version, bytes } = weights
    const key = `${data} ${version}`
    const before = others.get(key)?.models ?? []
    others.set(key, { data, version, bytes, hosts: null, coming: [], models: [...before, name] })
  }
  return [...others.values()]
}
