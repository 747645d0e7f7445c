import type { Way } from "../fleet/way.ts"

/**
 * What a split costs for each token beside the work itself. Four M3 Ultras over wired TCP (Geerling): some 9 ms for the first host more,
 * 4 ms for each further one. Over Wi-Fi (Mesh-LLM, one test with a patched llama.cpp): some 33 ms for each.
 */
export const FIRST_HOP_MS = 5
const WIRED_HOP_MS = 4
const WIFI_HOP_MS = 28
/** What these were measured with; a way that answers later costs the difference. */
const USUAL_ROUND_TRIP_MS = { wired: 0.5, wifi: 5 }
/** Results between layers are 32-bit floats, there and back. */
const RESULT_BYTES = 4
/** Where nobody knows: as over Gigabit Ethernet. */
const UNKNOWN_MBPS = 940

/**
 * Through the server there are two crossings in the place of one. A forwarded port took 0.46 ms there and back through one ssh and carried
 * 140 MB/s (docs/performance.md); llama.cpp asks each worker some four times for a token (its graph, inputs, results), and each of these waits
 * for both crossings.
 */
const TUNNEL_ROUND_TRIPS = 4
const CROSSING_MS = 0.46
/** Both crossings are ciphered by the one server. */
const TUNNEL_MBPS = (140 * 8) / 2

export function hopMs(way: Way, hiddenSize: number): number {
  const isWifi = way.kind === "wifi"
  const late = Math.max(0, (way.roundTripMs ?? 0) - (isWifi ? USUAL_ROUND_TRIP_MS.wifi : USUAL_ROUND_TRIP_MS.wired))
  const direct = (isWifi ? WIFI_HOP_MS : WIRED_HOP_MS) + late + 2 * transferMs(way, hiddenSize)
  return way.isTunnelled === true ? direct + tunnelMs(way, hiddenSize) : direct
}

/** What a tunnel adds: latency of two more crossings for each round trip, another half of the way, and what a Wi-Fi of the server's end takes. */
function tunnelMs(way: Way, hiddenSize: number): number {
  const again = way.kind === "wifi" ? WIFI_HOP_MS : (way.roundTripMs ?? USUAL_ROUND_TRIP_MS.wired)
  return TUNNEL_ROUND_TRIPS * 2 * CROSSING_MS + again + 2 * transferMs(way, hiddenSize)
}

/** One token's result from one host to the next. */
export function transferMs({ mbps, isTunnelled }: Way, hiddenSize: number): number {
  const own = mbps ?? UNKNOWN_MBPS
  return (hiddenSize * RESULT_BYTES * 8) / ((isTunnelled === true ? Math.min(own, TUNNEL_MBPS) : own) * 1000)
}
