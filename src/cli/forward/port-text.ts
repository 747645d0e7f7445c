import type { WindfallError } from "../../protocol/errors.ts"
import type { LocalPort } from "./local-port.ts"

/** That a port can be used now. @param title the job's */
export function openText({ port, url }: LocalPort, title: string, isHere: boolean): string {
  return isHere
    ? `${url} is port ${port} of ${title} itself: it runs on this machine`
    : `${url} leads to port ${port} of ${title}`
}

/** That a connection was one too many; said once, as others follow. */
export function fullText(port: number, error: WindfallError): string {
  return `a connection to port ${port} was closed: ${reasonOf(error)}. More are closed until some of these end`
}

/** What stands behind "Cannot ...: ". */
export function reasonOf({ message }: WindfallError): string {
  return message.replace(/^Cannot [^:]*: /, "")
}
