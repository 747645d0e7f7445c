import { fail, list, object, type Raw } from "./raw-check.ts"

/**
 * A Thunderbolt port of a Mac over which RDMA could go: macOS has a device for it, and an address of its own on it, so that it is none of the
 * ports of the Thunderbolt bridge (MLX, "Getting Started with JACCL").
 */
export interface RdmaPort {
  /** "rdma_en5". */
  readonly device: string
  /** Of the port's own bus, and of the Mac's at the other end of its cable; `null`: no Mac is there. */
  readonly domain: string
  readonly peer: string | null
}

/** By rank, the device that leads from it to each other rank; `null` to itself. */
export type RdmaMatrix = readonly (readonly (string | null)[])[]

export const RDMA_DEVICE: RegExp = /^rdma_en\d{1,2}$/
const DOMAIN = /^[0-9A-F]{8}(?:-[0-9A-F]{4}){3}-[0-9A-F]{12}$/
const MOST_PORTS = 32

/** What an agent says of them; `null`: nothing. @throws {WindfallError} corrupt_data */
export function checkRdmaPorts(raw: Raw, type: string): readonly RdmaPort[] | null {
  if (raw.rdma === undefined || raw.rdma === null) return null
  const said = list(raw, "rdma", type)
  if (said.length > MOST_PORTS) fail(type, "rdma")
  return said.map((each) => {
    const { device, domain, peer } = object(each, type, "rdma")
    if (!isText(device, RDMA_DEVICE) || !isText(domain, DOMAIN)) return fail(type, "rdma")
    if (peer !== null && !isText(peer, DOMAIN)) return fail(type, "rdma")
    return { device, domain, peer: peer as string | null }
  })
}

function isText(value: unknown, form: RegExp): value is string {
  return typeof value === "string" && form.test(value)
}
