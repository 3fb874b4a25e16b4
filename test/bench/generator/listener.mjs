import { createServer } from 'node:net'

/** The least that can answer: as many answers as there are ends of headers. */
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\nok'

const server = createServer((socket) => {
  socket.setNoDelay(true)
  socket.on('data', (data) => {
    let answers = ''
    for (let at = data.indexOf('\r\n\r\n'); at !== -1; at = data.indexOf('\r\n\r\n', at + 4)) answers += ANSWER
    if (answers !== '') socket.write(answers)
  })
  socket.on('error', () => {})
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
