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

export function hopMs(way: Way, hiddenSize: number): number {
  const isWifi = way.kind === "wifi"
  const late = Math.max(0, (way.roundTripMs ?? 0) - (isWifi ? USUAL_ROUND_TRIP_MS.wifi : USUAL_ROUND_TRIP_MS.wired))
  return (isWifi ? WIFI_HOP_MS : WIRED_HOP_MS) + late + 2 * transferMs(way, hiddenSize)
}

/** One token's result from one host to the next. */
export function transferMs({ mbps }: Way, hiddenSize: number): number {
  return (hiddenSize * RESULT_BYTES * 8) / ((mbps ?? UNKNOWN_MBPS) * 1000)
}
