import type { InviteView, UserInvite } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { CodeId } from "../../protocol/ids.ts"
import type { StoredCode } from "../../store/codes.ts"
import { findCode } from "../auth/codes.ts"
import { acceptUserInvite, inviteUser } from "../auth/user-invite.ts"
import { inviteLine } from "../install/invite-line.ts"
import { requireReach } from "../install/reach.ts"
import { madeToken } from "./answers/account-answers.ts"
import { nothing } from "./answers/answer.ts"
import { inviteList, userInvite } from "./answers/invite-answers.ts"
import { type ApiRequest, type Route, route } from "./route.ts"
import { loginRequest, userInviteRequest } from "./schemas.ts"

export const inviteRoutes: readonly Route[] = [
  route({
    method: "POST",
    path: "/v1/login",
    summary: "Uses a one-time code up for a token, which is in this answer and nowhere else",
    answer: madeToken,
    open: true,
    body: loginRequest,
    status: 201,
    prepare: async ({ api, from }) => api.wrongCodes.check(from),
    change: (request) => countingWrong(request, () => acceptUserInvite(request.core, request.body.code)),
  }),
  route({
    method: "POST",
    path: "/v1/login/look",
    summary: "Says whether a code is good for a login, and whose; uses nothing up",
    description: 'One line for a shell: "user NAME".',
    produces: "text/plain",
    open: true,
    body: loginRequest,
    respond: (request) => {
      const { api, core, body, from } = request
      api.wrongCodes.check(from)
      const { about } = countingWrong(request, () => findCode(core, body.code, "user"))
      const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" }
      return new Response(`user ${about}\n`, { headers })
    },
  }),
  route({
    method: "GET",
    path: "/v1/invites",
    summary: "Lists the one-time codes that were made in the last weeks",
    answer: inviteList,
    admin: "list invitations",
    respond: ({ core }): { invites: InviteView[] } => ({ invites: core.store.codes.all().map(toView) }),
  }),
  route({
    method: "POST",
    path: "/v1/invites/user",
    summary: "Invites a user: a one-time code, and the line that installs the command line and logs in with it",
    answer: userInvite,
    admin: "invite a user",
    body: userInviteRequest,
    status: 201,
    change: ({ core, api, caller, body }): UserInvite => {
      const reach = requireReach(api.reach(), `invite ${body.user}`)
      const made = inviteUser(core, body, caller)
      return { ...made, line: inviteLine(reach, "/install.sh", made.code) }
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/invites/:id",
    summary: "Makes a one-time code useless",
    answer: nothing,
    admin: "take back an invitation",
    change: ({ core, caller, params }) => {
      const found = core.store.codes.all().find(({ id }) => id === params.id)
      if (found === undefined) {
        throw new WindfallError("invite_not_found", `Cannot take back the invitation ${params.id}: there is none`, {
          hint: "They are listed by: windfall invite ls",
        })
      }
      core.store.codes.remove(found.id as CodeId)
      const { purpose, about, id } = found
      core.ledger.event({ type: "invite_changed", purpose, about, what: `taken back ${id}` }, caller.user)
      return {}
    },
  }),
]

/** Does what a code is good for; whoever sends many wrong ones is made to wait. Within a change. */
export function countingWrong<T>({ api, from }: Pick<ApiRequest, "api" | "from">, use: () => T): T {
  try {
    return use()
  } catch (error) {
    if ((error as { code?: unknown }).code === "code_refused") api.wrongCodes.note(from)
    throw error
  }
}

function toView({ detail: _, ...view }: StoredCode): InviteView {
  return view
}
