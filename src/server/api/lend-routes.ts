import type { MacInvite } from "../../protocol/lending.ts"
import { findCode, takeCode } from "../auth/codes.ts"
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
    respond: async ({ api }) => {
      const script = joinScript(requireReach(api.reach(), "invite a Mac"), await api.hosts.publicLine())
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
      const { owner } = countingWrong(request, () => findCode(core, body.code, "mac")).detail as MacDetail
      return new Response(`owner ${owner ?? ""}\n`, { headers: TEXT })
    },
  }),
  route({
    method: "POST",
    path: "/v1/lend",
    summary: "Uses a code up to join the machine that asks, by the host key it sends",
    description:
      'Lines for a shell: "key PATTERNS" when the server\'s key is to be put in (bound to these addresses; "-" for none), "busy" and "step" with what happens, at last "done NAME" or "failed REASON | HINT". Who hangs up before that is cleaned.',
    produces: "text/plain",
    open: true,
    body: lendRequest,
    respond: async (request) => {
      const { api, core, body, from } = request
      api.wrongCodes.check(from)
      const code = await core.ledger.change(() => {
        const found = countingWrong(request, () => findCode(core, body.code, "mac"))
        checkLent(core, body)
        return takeCode(core, body.code, "mac", () => found.madeBy)
      })
      const lines = (signal: AbortSignal) =>
        encoded(lendMachine({ core, hosts: api.hosts, request: body, from, code, signal }))
      return streamed(request, lines, { headers: TEXT, open: true })
    },
  }),
]

async function* encoded(lines: AsyncGenerator<LendLine>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  for await (const line of lines) yield encoder.encode(`${line}\n`)
}
