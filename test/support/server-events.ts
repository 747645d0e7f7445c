/** Reads a response of Server-Sent Events: the `data` of each as JSON. */
export async function* readServerEvents(response: Response): AsyncGenerator<unknown> {
  let text = ""
  if (response.body === null) return
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1]
      text = text.slice(end + 2)
      if (data !== undefined) yield JSON.parse(data)
    }
  }
}
