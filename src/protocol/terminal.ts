/**
 * Terminal bytes on a WebSocket (CLI to server) and on an HTTP/2 stream (server to agent): the same frames on both.
 * A frame is one kind byte and a payload; on HTTP/2 it is preceded by its length as u32 big-endian.
 */
export const TERMINAL = {
  /** To the host: keys typed. */
  input: 1,
  /** To the host: columns u16, rows u16. */
  resize: 2,
  /** From the host: offset u48 of the first byte in the session's output, then the bytes. */
  output: 3,
  /** From the host: JSON `{ exitCode, signal }`; the last frame. */
  exit: 4,
  /** To the host: offset u48 up to which output was shown, for flow control and replay. */
  shown: 5,
  /** From the host: JSON `{ code, message, hint }`: the terminal cannot be had; the last frame. */
  failed: 6,
} as const
