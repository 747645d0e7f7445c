import { AGENT_PATHS } from "../../protocol/agent-paths.ts"
import type { DataOffer } from "../../protocol/data-wire.ts"
import type { BlobHash, HostId } from "../../protocol/ids.ts"
import type { Core } from "../core.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

const MAX_LINE_BYTES = 16 * 1024
const OFFER_MS = 5_000

/**
 * Asks another connected host that has the data to offer it to this one. `undefined` when none does: the server then gives it
 * itself. The offer ends with the transfer, or with the link of the host that is to fetch it (`signal`).
 */
export async function offerFromAnother(
  core: Core,
  taker: HostId,
  root: BlobHash,
  signal: AbortSignal,
): Promise<DataOffer | undefined> {
  for (const { record, channel, data, link } of core.fleet.all()) {
    if (record.id === taker || channel === null || link !== "ready" || !data.has(root)) continue
    try {
      return await askForOffer(channel, AGENT_PATHS.dataOffer, { root }, signal)
    } catch {
      signal.throwIfAborted() // the next one may
    }
  }
  return undefined
}

/** Asks an agent to listen for another one. The offer stands until that one was served, or `signal`. */
export async function askForOffer(
  donor: HostChannel,
  path: string,
  body: object,
  signal: AbortSignal,
): Promise<DataOffer> {
  const silent = new AbortController()
  const timer = setTimeout(() => silent.abort(new Error("no offer came")), OFFER_MS)
  try {
    const ending = AbortSignal.any([signal, silent.signal])
    const answer = (await donor.ask(path, body, { signal: ending }))[Symbol.asyncIterator]()
    let line = ""
    while (!line.includes("\n") && line.length < MAX_LINE_BYTES) {
      const { value, done } = await answer.next()
      if (done === true) break
      line += Buffer.from(value).toString()
    }
    const offer = checkOffer(JSON.parse(line))
    void readToEnd(answer)
    return offer
  } finally {
    clearTimeout(timer)
  }
}

/** The offer stands as long as its answer is open. */
async function readToEnd(answer: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    while ((await answer.next()).done !== true);
  } catch {
    // One of the links has ended, and the offer with it.
  }
}

function checkOffer(value: unknown): DataOffer {
  const { addresses, port, key } = value as Partial<DataOffer>
  if (
    Array.isArray(addresses) &&
    addresses.length <= 100 &&
    addresses.every((each) => typeof each === "string" && each.length < 100) &&
    Number.isInteger(port) &&
    typeof key === "string" &&
    key.length <= 128
  ) {
    return { addresses, port: port as number, key }
  }
  throw new SyntaxError("an offer of data is malformed")
}
