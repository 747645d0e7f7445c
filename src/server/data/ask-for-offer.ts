import type { DataOffer } from "../../protocol/data-wire.ts"
import type { HostChannel } from "../hosts/host-channel.ts"

const MAX_LINE_BYTES = 16 * 1024
const OFFER_MS = 5_000

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
