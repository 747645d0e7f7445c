import type { Codec } from "../described/codec.ts"
import { mapped } from "../described/codec.ts"
import { text } from "../described/scalar-codecs.ts"

/** An IANA name: `Europe/Berlin`, `UTC`. */
export const timeZone: Codec<string> = mapped(
  text,
  (zone) => {
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone })
    } catch {
      throw new SyntaxError(
        `there is no time zone ${JSON.stringify(zone.slice(0, 60))}: write for instance Europe/Berlin`,
      )
    }
    return zone
  },
  (zone) => zone,
)
