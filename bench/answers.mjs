// What each vendor documents as the answer to one accepted SMS.
const ANSWERS = {
  '/v3/sendSms': laaffic,
  '/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json': twilio,
  '/sms/json': vonage,
};

/** Throws on a request that the vendor would not take: it must not be measured. */
export function answerTo(path, body) {
  return ANSWERS[path](body);
}

// As the vendor's: 19 digits, growing. The last ten are counted.
let messages = 0;

function laaffic(request) {
  const { numbers, orderId = '' } = JSON.parse(request);
  const [all, orderIds] = [numbers.split(','), orderId.split(',')];
  const items = all.map((number, place) => {
    const msgId = `230425211${1e9 + messages++}`;
    return `{"msgId":"${msgId}","number":"${number}","orderId":"${orderIds[place] ?? ''}"}`;
  });
  const body = `{"status":"0","reason":"success","success":"${all.length}","fail":"0","array":[${items.join()}]}`;
  return { status: '200 OK', body };
}

function twilio(request) {
  const form = new URLSearchParams(request);
  const [account, sid] = ['AC0123456789abcdef0123456789abcdef', 'SM0123456789abcdef0123456789abcdef'];
  const uri = `/2010-04-01/Accounts/${account}/Messages/${sid}`;
  const date = 'Mon, 01 Jan 2029 00:00:00 +0000';
  const body = `{"account_sid":"${account}","api_version":"2010-04-01","body":"${form.get('Body')}","date_created":"${date}","date_sent":null,"date_updated":"${date}","direction":"outbound-api","error_code":null,"error_message":null,"from":"${form.get('From')}","messaging_service_sid":null,"num_media":"0","num_segments":"1","price":null,"price_unit":"USD","sid":"${sid}","status":"queued","subresource_uris":{"media":"${uri}/Media.json"},"to":"${form.get('To')}","uri":"${uri}.json"}`;
  return { status: '201 Created', body };
}

function vonage(request) {
  const { to } = JSON.parse(request);
  const body = `{"message-count":"1","messages":[{"to":"${to}","message-id":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","status":"0","remaining-balance":"3.14159265","message-price":"0.03330000","network":"12345"}]}`;
  return { status: '200 OK', body };
}
