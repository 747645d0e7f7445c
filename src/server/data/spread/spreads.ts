import { AGENT_PATHS } from "../../../protocol/agent-paths.ts"
import { WindfallError } from "../../../protocol/errors.ts"
import { type BlobHash, type HostId, isBlobHash } from "../../../protocol/ids.ts"
import type { BlobFolder } from "../../../workspace/blob-folder.ts"
import type { Core } from "../../core.ts"
import { linkOfSet } from "../../gang/pool-links.ts"
import type { HostChannel } from "../../hosts/host-channel.ts"
import { askForOffer } from "../ask-for-offer.ts"
import { giveData } from "../give-data.ts"
import type { Source, WaySpeed } from "./choose-source.ts"
import { Spread, type SpreadWays } from "./spread.ts"

const MAX_LINE_BYTES = 16 * 1024
const SPEEDS = { thunderbolt: 3, wired: 2, unknown: 2, wifi: 1 } as const

/** What is on its way to hosts, by its tree: as long as the core that it belongs to. */
const SPREADS = new WeakMap<Core, Map<BlobHash, Spread>>()

/**
 * Brings blobs of a tree to a host, from the server's folder and from whatever hosts have them or are just getting them.
 * @throws {WindfallError} as Spread.bring
 */
export async function bringToHost(
  core: Core,
  channel: HostChannel,
  { root, hashes }: { readonly root: BlobHash; readonly hashes: readonly BlobHash[] },
  blobs: BlobFolder,
  signal: AbortSignal,
): Promise<void> {
  const all = SPREADS.get(core) ?? new Map<BlobHash, Spread>()
  SPREADS.set(core, all)
  const spread = all.get(root) ?? new Spread(waysOf(core, root, blobs))
  all.set(root, spread)
  try {
    await spread.bring(channel, hashes, signal)
  } finally {
    if (spread.isIdle && all.get(root) === spread) all.delete(root)
  }
}

function waysOf(core: Core, root: BlobHash, blobs: BlobFolder): SpreadWays {
  const channelOf = (id: HostId) => {
    const host = core.fleet.get(id)
    return host?.link === "ready" ? host.channel : null
  }
  const ways = new Map<string, WaySpeed>()
  return {
    clock: core.clock,
    wholeHosts: () =>
      [...core.fleet.all()]
        .filter(({ record, data }) => data.has(root) && channelOf(record.id) !== null)
        .map(({ record }) => record.id),
    way: (a, b) => {
      const known = ways.get(`${a} ${b}`) ?? wayOf(core, a, b)
      ways.set(`${a} ${b}`, known)
      return known
    },
    has: (hash) => blobs.has(hash),
    bytesOf: (hash) => blobs.bytesOf(hash),
    give: (to, hashes, signal) => giveData(to, blobs, hashes, signal),
    pass: async (from, to, hashes, signal, onHave) => {
      const donor = channelOf(from)
      if (donor === null) return
      const over = new AbortController()
      const within = AbortSignal.any([signal, over.signal])
      try {
        const offer = await askForOffer(donor, AGENT_PATHS.dataOffer, { hashes }, within)
        await fetchAsOffered(to, { offer, hashes }, within, onHave)
      } catch (error) {
        // Whatever is wrong with who gives: another one may.
        if (error instanceof CannotTake) throw error.why
        signal.throwIfAborted()
      } finally {
        over.abort()
      }
    },
  }
}

/** As the network of both is known when they first come up. */
function wayOf(core: Core, a: Source, b: Source): WaySpeed {
  const hosts = [a, b].filter((one): one is HostId => one !== "server")
  if (hosts.length === 2) return SPEEDS[linkOfSet(core, hosts).kind]
  return hosts.some((id) => core.fleet.get(id)?.record.network.told?.kind === "wifi") ? 1 : 2
}

/** The host that fetches can take nothing. */
class CannotTake extends Error {
  readonly why: WindfallError

  constructor(why: WindfallError) {
    super(why.message)
    this.why = why
  }
}

async function fetchAsOffered(
  to: HostChannel,
  body: object,
  signal: AbortSignal,
  onHave: (hash: BlobHash) => void,
): Promise<void> {
  let line = ""
  for await (const piece of await to.ask(AGENT_PATHS.dataFetch, body, { signal })) {
    const lines = (line + Buffer.from(piece).toString()).split("\n")
    line = lines.pop() ?? ""
    if (line.length > MAX_LINE_BYTES) throw new SyntaxError("a line of what was fetched is too long")
    for (const one of lines) {
      const said = JSON.parse(one) as Readonly<Record<string, unknown>>
      if (isBlobHash(said.have)) onHave(said.have)
      else throw new CannotTake(WindfallError.fromBody(said))
    }
  }
}
