import { createReadStream } from "node:fs"
import { WindfallError } from "../../protocol/errors.ts"
import { installScript } from "../install/install-script.ts"
import { requireReach } from "../install/reach.ts"
import { type Route, route } from "./route.ts"
import { streamed } from "./stream.ts"

const BYTES = "application/octet-stream"
const PIECE_BYTES = 512 * 1024

/** What a machine without Windfall asks for: nothing of it is secret, and nothing of it needs a token. */
export const installRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/install.sh",
    summary: "Answers the POSIX sh script that installs the command line from this server, without admin rights",
    description: "It uses the one-time code in the variable WINDFALL_CODE up for a login, if there is one.",
    produces: "text/x-shellscript",
    open: true,
    respond: ({ api }) => plain(installScript(requireReach(api.reach(), "install from here")), "text/x-shellscript"),
  }),
  route({
    method: "GET",
    path: "/v1/install/:platform",
    summary: "Says what the command line of this release consists of on linux-x64, linux-arm64 or darwin-arm64",
    description: 'Lines for a shell: "release NAME", then for each file "file NAME SHA256 BYTES".',
    produces: "text/plain",
    open: true,
    respond: async ({ api, core, params }) => {
      const { release, files } = await api.install(params.platform ?? "", core.signal)
      const lines = files.map(({ name, sha256, bytes }) => `file ${name} ${sha256} ${bytes}`)
      return plain(`release ${release}\n${lines.join("\n")}\n`, "text/plain")
    },
  }),
  route({
    method: "GET",
    path: "/v1/install/:platform/:file",
    summary: "Answers one of these files",
    description: "Its bytes, as the list of its platform describes them.",
    produces: BYTES,
    open: true,
    respond: async (request) => {
      const { api, core, params } = request
      const { files } = await api.install(params.platform ?? "", core.signal)
      const file = files.find(({ name }) => name === params.file)
      if (file === undefined) {
        throw new WindfallError(
          "file_not_found",
          `Cannot send ${params.file?.slice(0, 40)}: an install has no such file`,
        )
      }
      const headers = { "content-type": BYTES, "content-length": `${file.bytes}` }
      return streamed(request, (signal) => pieces(file.source, signal), { headers, open: true })
    },
  }),
]

/** Opened when the first piece is asked for: who asks for the headers alone, as anybody may, opens nothing. */
async function* pieces(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield* createReadStream(path, { signal, highWaterMark: PIECE_BYTES })
}

function plain(text: string, type: string): Response {
  return new Response(text, { headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-store" } })
}
