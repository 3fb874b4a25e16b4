import { expect, test } from 'vitest'
import { stackTraceIn } from '../../../src/content/stack-trace.ts'

/** As the programs print them; those of Node, Python, Java, Go and Rust come from a run of each. */
const TRACES: Record<string, string[]> = {
  JavaScript: [
    `TypeError: Cannot read properties of undefined (reading "id")
    at getStock (file:///app/dist/stock.js:12:21)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)`,
    `Error: connect ECONNREFUSED 127.0.0.1:5432
    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1637:16)`,
    `Error: out of stock
    at async /srv/app/routes/items.ts:30:11`,
    'Error: x\r\n    at f (C:\\new\\app\\index.js:3:9)\r\n    at Module._compile (node:internal/modules/cjs/loader:1554:14)',
    'Error: x\n    at handler (.next/server/chunks/12.js:1:2044)',
    'Error: x\n    at eval (webpack-internal:///./src/page.tsx:5:9)',
  ],
  Python: [
    `Traceback (most recent call last):
  File "/app/main.py", line 3, in <module>
  File "/app/main.py", line 2, in f
ValueError: no stock`,
    `  File "/usr/lib/python3.12/site-packages/flask/app.py", line 1511, in wsgi_app\n    response = self.full_dispatch_request()`,
  ],
  Java: [
    `Exception in thread "main" java.lang.RuntimeException: wrapped
\tat T.main(T.java:1)
Caused by: java.lang.IllegalStateException: no stock
\tat T.f(T.java:1)
\tat java.base/jdk.internal.reflect.NativeMethodAccessorImpl.invoke0(Native Method)`,
    `java.lang.NullPointerException: null
\tat com.shop.StockController.lambda$get$0(StockController.java:42) ~[classes!/:na]
\tat java.base/java.util.Optional.orElseThrow(Optional.java:403) ~[na:na]`,
    'kotlin.NotImplementedError\n\tat com.shop.RoutesKt$module$1.invokeSuspend(Routes.kt:17)',
  ],
  Go: [
    `panic: assignment to entry in nil map

goroutine 1 [running]:
main.f(...)
\t/app/m.go:2
main.main()
\t/app/m.go:3 +0x28
exit status 2`,
    'http: panic serving 10.0.0.7:40444: boom\nmain.handler({0x1, 0x2})\n\t/srv/main.go:19 +0x1d',
  ],
  '.NET': [
    `System.InvalidOperationException: no stock
   at Shop.Stock.Get(Int32 id) in /src/Shop/Stock.cs:line 12
   at Shop.Program.<Main>$(String[] args) in /src/Shop/Program.cs:line 5`,
    `System.NullReferenceException: Object reference not set to an instance of an object.
   at Shop.Controllers.ItemsController.Get(String id)
   at Microsoft.AspNetCore.Mvc.Infrastructure.ControllerActionInvoker.InvokeActionMethodAsync()`,
    'System.AggregateException: x ---> System.Exception: y\n   --- End of inner exception stack trace ---',
  ],
  Ruby: [
    "app.rb:12:in `fetch': key not found: :stock (KeyError)\n\tfrom app.rb:20:in `block in <main>'",
    "/app/lib/stock.rb:7:in 'Stock#fetch': key not found (KeyError)",
  ],
  PHP: [
    `PHP Fatal error:  Uncaught Exception: no stock in /var/www/html/stock.php:3
Stack trace:
#0 /var/www/html/index.php(5): stock(3)
#1 {main}
  thrown in /var/www/html/stock.php on line 3`,
    '#0 /var/www/html/vendor/laravel/framework/src/Illuminate/Routing/Router.php(808): App\\Http\\Controller->show()',
  ],
  Rust: [
    "\nthread 'main' (12053) panicked at r.rs:1:54:\nindex out of bounds: the len is 0 but the index is 3",
    "thread 'tokio-runtime-worker' panicked at src/main.rs:9:5:\nno stock",
  ],
}
const EACH = Object.entries(TRACES).flatMap(([language, traces]) => traces.map((trace) => ({ language, trace })))

test.each(EACH)('a trace of $language is found as it is printed', ({ language, trace }) => expect(stackTraceIn(trace)).toBe(language))

test.each(EACH)('a trace of $language is found in a text of JSON, in one in another, and in a list of lines', ({ language, trace }) => {
  const once = JSON.stringify({ error: 'internal', stack: trace })
  expect(stackTraceIn(once)).toBe(language)
  expect(stackTraceIn(JSON.stringify({ message: once }))).toBe(language)
  expect(stackTraceIn(JSON.stringify({ stack: trace.split('\n') }))).toBe(language)
})

const html = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')

test.each(EACH)('a trace of $language is found in a page of HTML', ({ language, trace }) => {
  expect(stackTraceIn(`<!DOCTYPE html><html><body><pre>${html(trace)}</pre></body></html>`)).toBe(language)
  // As Express writes it.
  expect(stackTraceIn(`<pre>${html(trace).replaceAll('\n', '<br>').replaceAll('  ', ' &nbsp;')}</pre>`)).toBe(language)
})

test.each([
  '{"stock":3}',
  'upstream connect error or disconnect/reset before headers. reset reason: overflow',
  'Error: out of stock',
  '{"error":{"code":"internal","message":"something went wrong at 10:20:30","traceId":"4bf92f3577b34da6"}}',
  'The store opens at 09:00:00 and closes at 17:30:00.\nMeet us\n    at the corner (5th Avenue)\n    at noon',
  'Call me at home (555:12:34)',
  'see https://example.com/app.js:10:20 for details',
  'Fatal error: the printer is on fire',
  'In the file "main.py", line 3 is wrong',
  'I panicked at the disco',
  '#1 in the charts (2024): Example',
  'goroutines are cheap: goroutine 1 [running]: is how a dump begins',
  'at com.example.Shop (see the Java docs)',
  '{"log":"user logged in at /admin"}',
  'POST /items HTTP/1.1\nHost: x:80:80',
])('%s is no stack trace', (text) => expect(stackTraceIn(text)).toBeUndefined())

test.each([' ', '\n', 'at ', '\nat ', 'at a.', 'at a/', '\nat x (', '/a:1', '\n#1 x', '\n\tx/', 'File "', '\\n', '\\', "'"])(
  'a body of nothing but %j takes no time to speak of',
  (part) => {
    const text = part.repeat(Math.ceil(16_384 / part.length))
    const start = performance.now()
    expect(stackTraceIn(text)).toBeUndefined()
    // A hundredth of this is usual; a pattern that backtracks needs seconds.
    expect(performance.now() - start).toBeLessThan(1000)
  },
)
