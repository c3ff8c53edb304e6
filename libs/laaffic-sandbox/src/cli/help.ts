export const HELP = `laaffic-sandbox: a Laaffic SMS gateway on this machine

  npx laaffic-sandbox [--port 4010]

  -p, --port <number>               port to listen on, 0 for a free one (default 4010)
      --host <address>              address to listen on (default 127.0.0.1)
      --base-path <path>            path before /sendSms (default /v3)
      --app-id <id>                 application id; repeat it for several (default 4luaKsL2)
      --api-key <key>               API key (default bDqJFiq9)
      --api-secret <secret>         API secret (default: the vendor's sample)
      --balance <amount>            money in the account (default 1000000)
      --price-per-segment <amount>  price of one segment (default 0.01)
      --queued-for-ms <ms>          time an accepted message is queued (default 500)
      --delivered-after-ms <ms>     time from acceptance to delivery (default 1500)
      --push-reports-to <url>       where to push delivery reports; repeat <app id>=<url> for several apps
      --push-inbound-to <url>       where to push inbound messages; repeat <app id>=<url> for several apps
      --allowed-push-host <name>    host other than this machine that pushes may go to; may be repeated
      --allowed-push-url <url>      URL that PATCH /_sandbox/options may set for pushes; may be repeated
      --allowed-host <name>         host name that clients may use besides localhost; may be repeated
      --clock-skew-seconds <s>      seconds the gateway's clock is ahead; --clock-skew-seconds=-90 for behind
      --config <file>               JSON file of options, including quirks and rules
      --json                        print one JSON object per line
  -q, --quiet                       print no lines for messages, requests and pushes
  -h, --help                        print this help
      --version                     print the version

Control routes for state, history, scripts, deliveries and inbound messages: http://127.0.0.1:4010/_sandbox
`;
