import * as z from "zod"
import { TERMINAL } from "../../protocol/terminal.ts"

/** A WebSocket in the OpenAPI document: a GET that is answered with 101. */
export interface Socket {
  readonly path: string
  readonly summary: string
  readonly description: string
  readonly query?: z.ZodObject
}

export const portQuery = z.object({
  look: z
    .enum(["true", "false"])
    .default("false")
    .describe(
      "Makes no connection: closed with 1000 when a process of the job listens there, else answered with why not, after a moment",
    ),
})

export const shellQuery = z.object({
  id: z
    .string()
    .regex(/^[0-9a-z]{16,32}$/)
    .describe("Names the shell; chosen at random by whoever opens it, and kept over reconnects"),
  again: z
    .enum(["true", "false"])
    .default("false")
    .describe("The caller was attached to this shell before: when it is gone, none is started"),
})

export const sshQuery = z.object({
  key: z
    .string()
    .regex(/^ssh-ed25519 [A-Za-z0-9+/]{68}$/)
    .describe("The only public key that is let in"),
})

const { attach, input, resize, shown, hangup, attached, output, taken, exit, failed } = TERMINAL

const FRAMES = `Each message, binary both ways, is one frame: a byte for its kind, then its payload. Integers are big-endian; u48 offsets \
count bytes from the terminal's first one.

To the server: ${attach} attach, first: JSON { client: 16 to 32 of a-z and 0-9, from: the first byte of output that is lacking or null, columns, \
rows, term }; ${input} input: u48 offset of the first byte in all this client ever typed, then the keys; ${resize} resize: columns u16, rows u16; \
${shown} shown: u48 offset up to which output was shown; ${hangup} hangup: ends the terminal.

From the server: ${attached} attached, the answer: JSON { from, end, input: how much of this client's input was taken, or null }; \
${output} output: u48 offset, then the bytes; ${taken} taken: u48 offset up to which input has reached the terminal; ${exit} exit, the last: JSON \
{ exitCode, signal }; ${failed} failed, the last: JSON { code, message, hint }.

A piece of keys or output has up to 32 KiB. Output stops while 64 KiB of it are not yet shown. One client is attached at a time; a newer one takes the place. Closed with \
1001 when the server goes away (come back, naming what you have), 1008 when the token is no longer good.`

const TUNNEL = `Each binary message is a piece of the bytes, both ways; an empty one says that no more follow in that direction, and the other stays open. \
Closed with 1000 when both directions have ended; with anything else it was broken off, and not all has come. Each side is held back while the other \
does not take. Answered with 409 wrong_state as long as nothing of the job listens there.`

export const TERMINAL_SOCKETS: readonly Socket[] = [
  {
    path: "/v1/jobs/:id/terminal",
    summary: "The terminal of a session, for its owner and administrators (WebSocket)",
    description: FRAMES,
  },
  {
    path: "/v1/jobs/:id/shell",
    summary: "A shell beside a running job, in its folder, for its owner and administrators (WebSocket)",
    description: FRAMES,
    query: shellQuery,
  },
  {
    path: "/v1/jobs/:id/ports/:port",
    summary:
      "A connection to a port that a process of a running job listens on, for its owner and administrators (WebSocket)",
    description: TUNNEL,
    query: portQuery,
  },
  {
    path: "/v1/jobs/:id/ssh",
    summary: "An sshd beside a running job, in its folder, for its owner and administrators (WebSocket)",
    description: `${TUNNEL} The answer's header windfall-host-key is the host key of this attempt's sshd.`,
    query: sshQuery,
  },
]
