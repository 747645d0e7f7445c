import { join } from "node:path"
import type { EngineSite } from "../hive/engines/engine-adapter.ts"
import { type FoundEngine, thisSystem } from "./find-engine.ts"
import { Loss } from "./loss.ts"
import type { MemberContext } from "./member-context.ts"
import { rdmaSite } from "./rdma-site.ts"

/** More threads than this do not make a token quicker. */
const MOST_THREADS = 8

/** @throws {Loss} `order_refused` when the engine does nothing of the kind, `engine_missing` when this build of the engine cannot do what is asked */
export async function engineSite(
  context: MemberContext,
  { devices, help, version, folder }: FoundEngine,
): Promise<EngineSite> {
  const { order, rank, environment, adapter } = context
  const rdma = order.rdma === undefined ? null : await rdmaSite(context, order.rdma)
  const cores = Number(environment.WINDFALL_CORES)
  const site: EngineSite = {
    order,
    rank,
    threads: order.threads ?? (Number.isInteger(cores) && cores > 0 ? Math.min(cores, MOST_THREADS) : 1),
    devices,
    help,
    version,
    cacheFolder: cacheFolder(context),
    hostFile: environment.MLX_HOSTFILE || null,
    rdma,
  }
  const refusal = adapter.refuses(site)
  if (refusal !== null) throw new Loss("order_refused", rank, refusal)
  const lack = adapter.lacks(site)
  if (lack !== null) {
    throw new Loss(
      "engine_missing",
      rank,
      `the ${adapter.engine} in ${folder} will not do: ${lack}`,
      adapter.whereToGet(thisSystem()),
    )
  }
  return site
}

/** Below the job's HOME, which is kept from one job to the next and counts to what may be kept on a host. */
function cacheFolder({ order, environment }: MemberContext): string | null {
  const { HOME = "" } = environment
  return order.cacheBytes === 0 || !HOME.startsWith("/") ? null : join(HOME, ".cache/windfall-hive", order.engine)
}
