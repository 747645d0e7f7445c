import type { MacInvite } from "../../protocol/lending.ts"
import { findCode } from "../auth/codes.ts"
import { inviteLine } from "../install/invite-line.ts"
import { requireReach } from "../install/reach.ts"
import { joinScript } from "../lend/join-script.ts"
import { checkLent, type LendLine, lendMachine } from "../lend/lend-machine.ts"
import { inviteMac, type MacDetail } from "../lend/mac-invite.ts"
import { macInvite } from "./answers/invite-answers.ts"
import { countingWrong } from "./invite-routes.ts"
import { type Route, route } from "./route.ts"
import { lendLookRequest, lendRequest, macInviteRequest } from "./schemas.ts"
import { streamed } from "./stream.ts"

const TEXT = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }

/** What an owner's own machine asks for when it is lent to the pool. All but the invitation needs a code instead of a token. */
export const lendRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/invites/mac",
    summary: "Invites an owner to lend a machine: a one-time code, and the line to paste there",
    answer: macInvite,
    admin: "invite a Mac",
    body: macInviteRequest,
    status: 201,
    change: ({ core, api, caller, body }): MacInvite => {
      const reach = requireReach(api.reach(), "invite a Mac")
      const made = inviteMac(core, body, caller)
      return { ...made, line: inviteLine(reach, "/join.sh", made.code) }
    },
  }),
  route({
    method: "GET",
    path: "/join.sh",
    summary: "Answers the POSIX sh script by which an owner lends a machine to this server",
    description: "It uses the one-time code in the variable WINDFALL_CODE up.",
    produces: "text/x-shellscript",
    open: true,
    respond: async ({ api, core }) => {
      const reach = requireReach(api.reach(), "invite a Mac")
      const script = joinScript(reach, await api.hosts.publicLine(), core.store.server)
      return new Response(script, { headers: { ...TEXT, "content-type": "text/x-shellscript; charset=utf-8" } })
    },
  }),
  route({
    method: "POST",
    path: "/v1/lend/look",
    summary: "Says whether a code is good, and whose machine it is for; uses nothing up",
    description: 'One line for a shell: "owner NAME", without a name where nobody was named.',
    produces: "text/plain",
    open: true,
    body: lendLookRequest,
    respond: (request) => {
      const { api, core, body, from } = request
      api.wrongCodes.check(from)
      const code = countingWrong(request, () => findCode(core, body.code, "mac"))
      api.codesInUse.check(code.id)
      const { owner } = code.detail as MacDetail
      return new Response(`owner ${owner ?? ""}\n`, { headers: TEXT })
    },
  }),
  route({
    method: "POST",
    path: "/v1/lend",
    summary: "Joins the machine that asks, by the host key it sends; that it is in uses the code up",
    description:
      'Lines for a shell: "key PATTERNS" when the server\'s key is to be put in (bound to these addresses; "-" for none), "busy" and "step" with what happens, at last "done NAME" or "failed REASON | HINT". Who hangs up before that is cleaned.',
    produces: "text/plain",
    open: true,
    body: lendRequest,
    respond: async (request) => {
      const { api, core, body, from } = request
      api.wrongCodes.check(from)
      const code = countingWrong(request, () => findCode(core, body.code, "mac"))
      checkLent(core, body)
      // Nothing is waited for since it was found unused: of two machines one gets it.
      const onEnd = api.codesInUse.hold(code.id)
      const lines = (signal: AbortSignal) =>
        encoded(lendMachine({ core, hosts: api.hosts, request: body, from, code, signal }))
      return streamed(request, lines, { headers: TEXT, open: true, onEnd })
    },
  }),
]

async function* encoded(lines: AsyncGenerator<LendLine>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const line of lines) yield encoder.encode(`${line}\n`)
}
