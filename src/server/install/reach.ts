import { WindfallError } from "../../protocol/errors.ts"

/** How others reach this server: its URL, and what its certificate is known by. */
export interface Reach {
  readonly url: string
  readonly fingerprint: string | null
}

/** A server that others can reach, with a certificate to be known by. */
export type OpenReach = Reach & { readonly fingerprint: string }

/** @throws {WindfallError} wrong_state when nobody else could get here */
export function requireReach(reach: Reach, doing: string): OpenReach {
  const { url, fingerprint } = reach
  if (fingerprint !== null) return { url, fingerprint }
  throw new WindfallError("wrong_state", `Cannot ${doing}: this server listens on its own machine alone`, {
    hint: "Start it so that the lab reaches it: windfall down, then windfall up --detach --lan",
  })
}
