import { WindfallError } from "../protocol/errors.ts"
import { isAddress, isPort, type MemberPlace, type OrderMember } from "../protocol/gang-wire.ts"

/** @throws {WindfallError} invalid_input */
export function readMember(value: unknown): OrderMember {
  const { rank, size } = (value ?? {}) as Partial<OrderMember>
  if (!Number.isSafeInteger(rank) || !Number.isSafeInteger(size) || rank! < 0 || rank! >= size!) throw wrong("member")
  return { rank: rank!, size: size! }
}

/** Its texts reach a shell: only what such things are made of is let through. @throws {WindfallError} invalid_input */
export function readRoster(value: unknown): readonly MemberPlace[] {
  if (!Array.isArray(value) || value.length === 0) throw wrong("roster")
  return value.map((each) => {
    const { host, address, interface: name, ports } = (each ?? {}) as Partial<MemberPlace>
    const isNamed = typeof host === "string" && !/[\0\n]/.test(host)
    const isThere = isAddress(address) && typeof name === "string" && /^[\w.:@-]{1,40}$/.test(name)
    if (!isNamed || !isThere || !Array.isArray(ports) || ports.length !== 2 || !ports.every(isPort))
      throw wrong("roster")
    return { host, address, interface: name, ports: [ports[0], ports[1]] }
  })
}

function wrong(name: string): WindfallError {
  return new WindfallError("invalid_input", `Cannot read a message of the server: its ${name} is not valid`)
}
