import { ReplyKeywords } from '../../libs/laaffic-outbox/src/replies/reply-keywords.js';
import { REPLIES, type LabelledReply } from './replies.js';

type Type = LabelledReply['meaning'];

const keywords = new ReplyKeywords({ keep: [/^STOP \d+$/i] });

function classified({ content }: LabelledReply): Type {
  const meaning = keywords.classify(content);
  // Most people have not opted out when they write "yes".
  return meaning.type === 'opt-in' && meaning.isOrdinaryAnswer ? 'other' : meaning.type;
}

/** The replies that mean one thing to a person and another one to the keywords, by language. */
function mistaken(meaning: Type, type: Type): Record<string, string[]> {
  const found = REPLIES.filter((reply) => reply.meaning === meaning && classified(reply) === type);
  const languages = new Set(found.map(({ language }) => language));
  return Object.fromEntries(
    Array.from(languages, (language) => [
      language,
      found
        .filter((reply) => reply.language === language)
        .map(({ content }) => content)
        .sort(),
    ]),
  );
}

it('reads 500 different replies in ten languages', () => {
  expect(new Set(REPLIES.map(({ language, content }) => `${language} ${content}`)).size).toBe(500);
  expect(REPLIES.length).toBe(500);
  expect(new Set(REPLIES.map(({ language }) => language)).size).toBe(10);
});

it('knows most opt-outs, or leaves them to a person', () => {
  const results = Object.fromEntries(
    Array.from(new Set(REPLIES.map(({ language }) => language)), (language) => {
      const types = REPLIES.filter((reply) => reply.language === language && reply.meaning === 'opt-out').map(
        classified,
      );
      const count = (type: Type) => types.filter((one) => one === type).length;
      return [language, { recognized: count('opt-out'), unclear: count('unclear'), missed: count('other') }];
    }),
  );
  expect(results).toEqual({
    en: { recognized: 20, unclear: 26, missed: 5 },
    es: { recognized: 9, unclear: 13, missed: 4 },
    fr: { recognized: 12, unclear: 11, missed: 3 },
    de: { recognized: 7, unclear: 13, missed: 5 },
    pt: { recognized: 13, unclear: 11, missed: 2 },
    id: { recognized: 8, unclear: 8, missed: 2 },
    tr: { recognized: 7, unclear: 9, missed: 4 },
    ru: { recognized: 7, unclear: 11, missed: 2 },
    zh: { recognized: 9, unclear: 9, missed: 4 },
    ar: { recognized: 7, unclear: 5, missed: 7 },
  });
});

it('takes these for opt-outs, which they are not', () => {
  expect(mistaken('other', 'opt-out')).toEqual({
    ar: ['توقف المطر'],
    de: ['Abmelden vom Kurs'],
    en: ['stop by tomorrow?'],
    id: ['Berhenti di sini'],
    pt: ['sair hoje?'],
  });
});

it('misses these opt-outs', () => {
  expect(mistaken('opt-out', 'other')).toEqual({
    ar: [
      'ابغى الغي الاشتراك',
      'توقفوا عن الإرسال',
      'شيلوا رقمي',
      'كفى',
      'كيف ألغي الاشتراك؟',
      'لا أريد هذه الرسائل',
      'مو مهتم',
    ],
    de: [
      'Bitte nehmen Sie mich von der Liste',
      'Hört endlich auf',
      'Ich will das nicht mehr',
      'Löscht meine Nummer',
      'nimmt mich aus dem verteiler',
    ],
    en: [
      'F*** off',
      'I no longer want to receive these messages',
      'Stip',
      'enough already',
      'how do i get off this list',
    ],
    es: ['Por favor elimíneme de su lista', 'basta ya', 'déjenme en paz', 'paren de escribirme'],
    fr: ["Merci d'arrêter les sms", "j'en ai marre de vos pubs", 'Ça suffit maintenant'],
    id: ['ga minat', 'gak mau terima sms lagi'],
    pt: ['Me tira dessa lista', 'Remova meu número'],
    ru: ['больше не надо', 'отвалите'],
    tr: ['Bir daha yazmayın', 'Mesaj almak istemiyorum', 'listeden çıkarın beni', 'yeter artık'],
    zh: ['N', '不要再给我发短信了', '以后不用发了', '请删除我的号码'],
  });
});

it('shows these to a person for nothing', () => {
  expect(mistaken('other', 'unclear')).toEqual({
    ar: ['أريد إلغاء الموعد', 'إلغاء الطلب'],
    de: ['ich bin an der stopp stelle'],
    en: [
      'Bus stop 12',
      'Can I cancel my appointment on Friday?',
      'Cancel order 4451',
      "Don't stop believing!",
      'Great offer, non stop shopping lol',
      'I live in Block 12, unit 4',
      "I'll stop by the shop at 5",
      'No more questions, all clear now',
      'cancel my order please',
      "don't stop",
      "the bus didn't stop here",
    ],
    es: ['Baja calidad', 'Quiero cancelar mi cita del martes', 'cancelar pedido 3321', 'estoy de baja médica'],
    fr: ['Arrêt maladie', 'non-stop de 9h à 19h ?'],
    id: ['Baja ringan', 'baja ringan ada?', 'berhenti di depan toko ya'],
    pt: ['Quero cancelar minha consulta', 'Vou sair mais cedo hoje', 'cancelar pedido'],
    ru: ['Отмена заказа 4455'],
    tr: ['Siparişimi iptal etmek istiyorum', 'randevumu iptal edebilir miyim'],
    zh: ['公交停止运营了吗'],
  });
});

it('does not show these to a person, who should see them', () => {
  expect(mistaken('unclear', 'other')).toEqual({
    ar: ['الرقم غلط', 'مين معي؟', 'نصابين'],
    de: ['Wer ist da?', 'woher haben Sie meine Nummer'],
    en: ['I am reporting you', 'Who is this', 'how did you get my number??'],
    es: ['Quién es?'],
    fr: ["C'est qui ?", 'vous vous trompez de numéro'],
    id: ['ini siapa'],
    pt: ['Quem é?'],
    ru: ['кто это'],
    tr: ['Kimsiniz?', 'sizi şikayet edeceğim'],
    zh: ['你是谁', '骗子'],
  });
});

it('does not see that these want to come back, or need help', () => {
  expect(mistaken('opt-in', 'other')).toEqual({
    de: ['bitte wieder anmelden'],
    en: ['Start again please', 'please add me back to the list'],
    fr: ['je veux me réabonner'],
    pt: ['quero voltar a receber'],
    ru: ['подпишите меня снова'],
  });
  expect(mistaken('help', 'other')).toEqual({
    ar: ['ممكن مساعدة'],
    de: ['Hilfe bitte'],
    en: ['Help please', 'who is this and how can I reach you?'],
    es: ['ayuda por favor'],
    fr: ['Aide svp'],
    id: ['tolong bantu saya'],
    pt: ['me ajuda por favor'],
    ru: ['помогите пожалуйста'],
    tr: ['yardım eder misiniz'],
  });
});

it.each<[Type, Type[]]>([
  ['opt-out', ['opt-out', 'unclear', 'other']],
  ['opt-in', ['opt-in', 'other']],
  ['help', ['help', 'other']],
  ['unclear', ['unclear', 'other']],
  ['other', ['other', 'unclear', 'opt-out']],
])('makes no other mistake with a reply that means %s', (meaning, types) => {
  const unexpected = REPLIES.filter((reply) => reply.meaning === meaning && !types.includes(classified(reply)));
  expect(unexpected).toEqual([]);
});
