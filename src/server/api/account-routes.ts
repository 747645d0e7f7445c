import type { Me, SecretView, TokenView, UserView } from "../../protocol/api.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { TokenId } from "../../protocol/ids.ts"
import { variableNameProblem } from "../../protocol/job-values.ts"
import { addUser, removeUser, requireAdmin } from "../auth/accounts.ts"
import { createToken } from "../auth/tokens.ts"
import {
  madeToken,
  me as meAnswer,
  secret as secretAnswer,
  secretList,
  tokenList,
  user as userAnswer,
  userList,
} from "./answers/account-answers.ts"
import { nothing } from "./answers/answer.ts"
import { type Route, route } from "./route.ts"
import { addUserRequest, createTokenRequest, secretRequest } from "./schemas.ts"

export const accountRoutes: readonly Route[] = [
  route({
    method: "GET",
    path: "/v1/me",
    summary: "Says whose token this is",
    answer: meAnswer,
    respond: ({ caller }): Me => ({ user: caller.user, role: caller.role, tokenExpiresAt: caller.tokenExpiresAt }),
  }),
  route({
    method: "GET",
    path: "/v1/users",
    summary: "Lists the users",
    answer: userList,
    admin: "list the users",
    respond: ({ core }): { users: UserView[] } => ({ users: core.store.accounts.users() }),
  }),
  route({
    method: "POST",
    path: "/v1/users",
    summary: "Adds a user",
    answer: userAnswer,
    admin: "add a user",
    body: addUserRequest,
    status: 201,
    change: ({ core, caller, body }): UserView => addUser(core, body.name, body.role, caller.user),
  }),
  route({
    method: "DELETE",
    path: "/v1/users/:name",
    summary:
      "Removes a user with all tokens and secrets, who has no unfinished job; ended ones and events stay, under a name nobody gets again",
    answer: nothing,
    admin: "remove a user",
    change: ({ core, caller, params }) => {
      removeUser(core, params.name ?? "", caller.user)
      return {}
    },
  }),
  route({
    method: "GET",
    path: "/v1/tokens",
    summary: "Lists one's tokens; an administrator's answer has everybody's",
    answer: tokenList,
    respond: ({ core, caller }): { tokens: TokenView[] } => ({
      tokens: core.store.accounts.tokens().filter(({ user }) => caller.role === "admin" || user === caller.user),
    }),
  }),
  route({
    method: "POST",
    path: "/v1/tokens",
    summary:
      "Makes a token, which is in this answer and nowhere else; it neither lasts longer nor may more than the one it is made with",
    answer: madeToken,
    body: createTokenRequest,
    status: 201,
    change: ({ core, caller, body }) => {
      if (body.user !== caller.user) requireAdmin(caller, `make a token for ${body.user}`)
      return createToken(core, body, caller)
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/tokens/:id",
    summary: "Revokes a token",
    answer: nothing,
    change: ({ core, caller, params }) => {
      const token = core.store.accounts.tokens().find(({ id }) => id === params.id)
      if (token === undefined || (token.user !== caller.user && caller.role !== "admin")) {
        throw new WindfallError("token_not_found", `Cannot revoke the token ${params.id}: there is none of that id`, {
          hint: "See all tokens with their ids: windfall token ls",
        })
      }
      core.store.accounts.removeToken(token.id as TokenId)
      core.ledger.event({ type: "token_changed", user: token.user, what: `revoked ${token.id}` }, caller.user)
      return {}
    },
  }),
  route({
    method: "GET",
    path: "/v1/secrets",
    summary: "Lists the names of one's secrets",
    answer: secretList,
    respond: ({ core, caller }): { secrets: SecretView[] } => ({ secrets: core.store.accounts.secrets(caller.user) }),
  }),
  route({
    method: "PUT",
    path: "/v1/secrets/:name",
    summary: "Stores a secret, encrypted; its value never comes back",
    answer: secretAnswer,
    body: secretRequest,
    change: ({ core, caller, params, body }): SecretView => {
      const { name = "" } = params
      const problem = variableNameProblem(name)
      if (problem !== null) {
        throw new WindfallError("invalid_input", `Cannot name a secret "${name.slice(0, 64)}": ${problem}`, {
          hint: "Jobs get it as a variable of its name: choose another one",
        })
      }
      const changedAt = core.clock.now()
      const sealed = core.secrets.seal(body.value, `${caller.user}/${name}`)
      core.store.accounts.setSecret(caller.user, name, sealed, changedAt)
      core.ledger.event({ type: "secret_changed", user: caller.user, name, what: "set" }, caller.user)
      return { name, changedAt }
    },
  }),
  route({
    method: "DELETE",
    path: "/v1/secrets/:name",
    summary: "Removes a secret",
    answer: nothing,
    change: ({ core, caller, params }) => {
      const name = params.name ?? ""
      if (!core.store.accounts.removeSecret(caller.user, name)) {
        throw new WindfallError("secret_not_found", `Cannot remove the secret ${name}: you have none of that name`, {
          hint: "See yours: windfall secret ls",
        })
      }
      core.ledger.event({ type: "secret_changed", user: caller.user, name, what: "removed" }, caller.user)
      return {}
    },
  }),
]
