import { DEFAULT_LIMITS, type HiveLimits, type HiveOrder } from "../../hive/order/hive-order.ts"
import type { ReplicaPlan, ServeOptions } from "../../protocol/model-api.ts"

/** Where a hive finds its model, in the folder of its job. */
export const MODEL_FOLDER = "model"

export interface HiveWish {
  readonly hive: string
  readonly name: string
  readonly options: ServeOptions
  readonly plan: ReplicaPlan
  /** Of the model in its data. */
  readonly path: string
  /** As `path`; `null`: it takes no images. */
  readonly projectorPath: string | null
  /** Tokens that are worked off at once; absent: as usual. */
  readonly batchTokens?: number
  readonly weightBytes: number
  readonly key: string
  readonly engineKey: string
}

/** As slow as a disk or a network may be that weights come from. */
const SLOWEST_BYTES_PER_MS = 50_000
/** A GPU gives back memory at some gigabytes a second; this is slow. */
const RELEASED_BYTES_PER_MS = 500_000

/** What the members of a hive are told. */
export function makeOrder(wish: HiveWish): HiveOrder {
  const { hive, name, options, plan, path, projectorPath, batchTokens, weightBytes, key, engineKey } = wish
  const modelPath = path === "" ? MODEL_FOLDER : `${MODEL_FOLDER}/${path}`
  return {
    version: 1,
    hive,
    key,
    engineKey,
    engine: options.engine,
    engineFolder: null,
    alias: name,
    contextTokens: options.contextTokens,
    slots: options.slots,
    kv: options.kv,
    mode: plan.mode,
    ...(plan.rdma === undefined ? {} : { rdma: plan.rdma }),
    projectorPath: projectorPath === null ? null : `${MODEL_FOLDER}/${projectorPath}`,
    ...(options.purpose === "text" ? {} : { purpose: options.purpose }),
    ...(batchTokens === undefined ? {} : { batchTokens }),
    members: plan.members.map(({ firstLayer, layers }, rank) => ({
      // llama.cpp's head sends the others their layers; MLX reads them on each.
      modelPath: rank === 0 || options.engine === "mlx" ? modelPath : null,
      firstLayer,
      layers,
    })),
    ...(plan.over === undefined ? {} : { network: plan.over }),
    httpPort: null,
    threads: null,
    cacheBytes: plan.members.length === 1 || options.engine === "mlx" ? 0 : Math.ceil(weightBytes),
    limits: limitsFor(weightBytes),
  }
}

export function limitsFor(weightBytes: number): HiveLimits {
  return {
    ...DEFAULT_LIMITS,
    loadMs: DEFAULT_LIMITS.loadMs + Math.ceil(weightBytes / SLOWEST_BYTES_PER_MS),
    killMs: DEFAULT_LIMITS.killMs + Math.ceil(weightBytes / RELEASED_BYTES_PER_MS),
  }
}
