import type { ReplyMeaning } from '../../libs/laaffic-outbox/src/replies/reply-keywords.js';

/** A reply as people write it, and what a person who reads it would say it means. */
export interface LabelledReply {
  readonly language: string;
  readonly meaning: ReplyMeaning['type'];
  readonly content: string;
}

/** The replies of a language by their meaning, one a line. */
type Replies = Partial<Record<ReplyMeaning['type'], string>>;

// They were written before the first one was classified. Do not change the keywords to make them right, and do not drop
// the ones that are wrong: they tell how well strangers are understood.
const BY_LANGUAGE: Readonly<Record<string, Replies>> = {
  en: {
    'opt-out': `
      STOP
      STOP!!!!
      Stop please
      stop texting me
      Please stop
      pls stop sending these
      Can you stop calling me
      stoppp
      Stop it now
      STOP ALL
      unsubscribe
      Unsubscribe me please
      unsubcribe
      pls unsubscribe
      End
      CANCEL
      quit
      Opt out
      OPT-OUT
      optout pls
      i want to opt out
      Remove
      remove me
      Remove me from your list
      take me off this list
      Take my number off your list thanks
      Please do not text me again
      dont text me anymore
      Do not contact me
      no more texts please
      No more!
      leave me alone
      lose my number
      I'm not interested, please stop
      Quit texting me
      stop spamming me or I report you
      STOP SPAM
      fuck off
      F*** off
      sotp
      Stip
      S T O P
      "STOP"
      Reply STOP
      enough already
      I no longer want to receive these messages
      How do I stop these messages?
      how do i get off this list
      wow another one. great. STOP
      Stop 🛑🛑
      thanks but no thanks, take me off`,
    'opt-in': `
      START
      Start
      unstop
      Start again please
      please add me back to the list`,
    help: `
      HELP
      Info
      Help please
      who is this and how can I reach you?`,
    unclear: `
      wrong number
      I think you have the wrong number, sorry
      Who is this
      how did you get my number??
      this is spam
      is this a scam?
      I am reporting you
      blocked`,
    other: `
      STOP 12345
      don't stop
      Don't stop believing!
      I'll stop by the shop at 5
      stop by tomorrow?
      Bus stop 12
      the bus didn't stop here
      My watch stopped working
      Thanks!
      Yes
      yes please
      no
      Ok
      👍
      cancel my order please
      Can I cancel my appointment on Friday?
      Cancel order 4451
      I'd like to reschedule to Monday
      End of next week works
      See you at the end of the month
      I live in Block 12, unit 4
      The code never arrived
      123456
      Is it still in stock?
      Remove the onions please
      please start on Monday
      can someone help me with my booking
      running 10 min late, sorry
      No more questions, all clear now
      quit smoking 2 weeks ago, thanks for asking
      Great offer, non stop shopping lol
      Do you have any more of these in blue?`,
  },
  es: {
    'opt-out': `
      BAJA
      baja
      Baja por favor
      Quiero darme de baja
      dar de baja
      STOP
      Stop por favor
      NO MAS MENSAJES
      No más mensajes por favor
      no me envien mas mensajes
      Ya no me manden mensajes porfa
      Dejen de mandarme sms
      dejen de molestar
      paren de escribirme
      Por favor elimíneme de su lista
      bórrenme de la lista
      Cancelar suscripción
      CANCELAR
      ALTO
      basta ya
      no me interesa, gracias
      No quiero recibir más publicidad
      quitenme de su base de datos
      Como me doy de baja?
      DESUSCRIBIR
      déjenme en paz`,
    'opt-in': `
      ALTA`,
    help: `
      AYUDA
      ayuda por favor`,
    unclear: `
      numero equivocado
      Quién es?
      esto es una estafa
      los voy a denunciar`,
    other: `
      gracias
      Muchas gracias!!
      si
      Sí, confirmo
      No
      ok perfecto
      Quiero cancelar mi cita del martes
      cancelar pedido 3321
      la calidad es baja
      Baja calidad
      estoy de baja médica
      No más tarde de las 5
      a qué hora abren
      Cuánto cuesta el envío?
      es muy alto el precio
      no me llegó el código
      Llego en 10 minutos`,
  },
  fr: {
    'opt-out': `
      STOP
      stop
      Stop svp
      STOP SMS
      STOP PUB
      Arrêt
      ARRET
      arretez
      Arrêtez de m'envoyer des messages
      arrêtez svp
      Merci d'arrêter les sms
      je ne veux plus recevoir vos messages
      Veuillez me désinscrire
      me désabonner
      desabonnement
      Désinscription svp
      Ne m'envoyez plus rien
      plus de sms merci
      Retirez-moi de votre liste
      supprimez mon numéro
      foutez moi la paix
      laissez moi tranquille
      pas intéressé
      Ça suffit maintenant
      Comment je fais pour me désabonner ?
      j'en ai marre de vos pubs`,
    'opt-in': `
      START
      je veux me réabonner`,
    help: `
      AIDE
      Aide svp`,
    unclear: `
      Mauvais numéro
      vous vous trompez de numéro
      C'est qui ?
      c'est une arnaque`,
    other: `
      Merci
      merci beaucoup !
      oui
      non
      D'accord
      je suis en arrêt maladie
      Arrêt maladie
      à l'arrêt de bus
      n'arrêtez pas vos promos, j'adore
      On est déjà de retour
      Je voudrais annuler mon rendez-vous
      j'arrive dans 5 min
      vous fermez à quelle heure
      Quel est le prix ?
      je n'ai pas reçu le code
      non-stop de 9h à 19h ?`,
  },
  de: {
    'opt-out': `
      STOP
      Stopp
      stop bitte
      ABMELDEN
      Bitte abmelden
      abmelden bitte
      Abbestellen
      Ich möchte mich abmelden
      bitte keine sms mehr
      Keine Werbung mehr
      keine nachrichten mehr bitte
      Hören Sie auf mir zu schreiben
      Hört endlich auf
      Lassen Sie mich in Ruhe
      lasst mich in ruhe!!
      Kein Interesse
      Bitte löschen Sie meine Nummer
      Löscht meine Nummer
      nimmt mich aus dem verteiler
      Ich will das nicht mehr
      nicht mehr schreiben
      SCHLUSS
      Stop der Werbung
      wie kann ich das abbestellen?
      Bitte nehmen Sie mich von der Liste`,
    'opt-in': `
      START
      bitte wieder anmelden`,
    help: `
      HILFE
      Hilfe bitte`,
    unclear: `
      falsche nummer
      Wer ist da?
      woher haben Sie meine Nummer
      Das ist Belästigung
      Ich blockiere euch`,
    other: `
      Danke
      vielen dank!
      ja
      Ja gerne
      Nein
      ok passt
      Ende der Woche
      am Ende der Straße links
      Ich möchte meinen Termin absagen
      Abmelden vom Kurs
      ich bin an der stopp stelle
      Der Bus hat nicht gestoppt
      kann ich mich noch anmelden
      Wann macht ihr zu
      Code ist nicht angekommen
      bin in 10 min da`,
  },
  pt: {
    'opt-out': `
      SAIR
      sair
      Sair por favor
      Quero sair da lista
      PARE
      pare
      Parar
      Pare de me mandar mensagem
      parem de mandar sms
      Para de me encher
      STOP
      stop pfv
      CANCELAR
      cancelar inscrição
      Não quero mais receber
      nao me mande mais mensagem
      não enviem mais por favor
      Me tira dessa lista
      remover
      Remova meu número
      não tenho interesse
      Me deixem em paz
      chega
      Descadastrar
      como faço pra sair?
      Quero cancelar o recebimento de sms`,
    'opt-in': `
      VOLTAR
      quero voltar a receber`,
    help: `
      AJUDA
      me ajuda por favor`,
    unclear: `
      numero errado
      Quem é?
      isso é golpe
      vou denunciar vocês`,
    other: `
      obrigado
      Obrigada!!
      sim
      não
      blz
      Quero cancelar minha consulta
      cancelar pedido
      Vou sair mais cedo hoje
      sair hoje?
      A dor está alta
      o ônibus não parou
      qual o preço
      Que horas vocês fecham?
      não recebi o código
      to chegando
      pode parar na esquina`,
  },
  id: {
    'opt-out': `
      STOP
      stop
      Stop dong
      BERHENTI
      berhenti
      Berhenti kirim sms
      UNREG
      unreg promo
      tolong berhenti kirim pesan
      Jangan kirim sms lagi
      jangan sms saya lagi
      jangan ganggu saya
      Tolong hapus nomor saya
      tidak tertarik
      ga minat
      gak mau terima sms lagi
      KELUAR
      cukup`,
    'opt-in': `
      MULAI`,
    help: `
      BANTUAN
      tolong bantu saya`,
    unclear: `
      salah sambung
      ini siapa
      penipu
      saya blokir ya`,
    other: `
      terima kasih
      makasih kak
      ya
      ok siap
      tidak
      berhenti di depan toko ya
      Berhenti di sini
      batal pesanan saya
      Harganya berapa
      kode belum masuk
      baja ringan ada?
      Baja ringan
      sudah saya transfer
      jam berapa buka
      jangan lupa ya`,
  },
  tr: {
    'opt-out': `
      RET
      ret
      İPTAL
      iptal
      IPTAL
      İptal edin lütfen
      RET BONUS
      STOP
      stop lütfen
      mesaj atmayın artık
      Bana mesaj göndermeyin
      sms istemiyorum
      Mesaj almak istemiyorum
      Rahatsız etmeyin
      listeden çıkarın beni
      Numaramı silin
      ilgilenmiyorum
      yeter artık
      Üyeliğimi iptal edin
      Bir daha yazmayın`,
    'opt-in': `
      BAŞLAT`,
    help: `
      YARDIM
      yardım eder misiniz`,
    unclear: `
      yanlış numara
      Kimsiniz?
      dolandırıcı
      sizi şikayet edeceğim`,
    other: `
      teşekkürler
      Tamam
      evet
      hayır
      Siparişimi iptal etmek istiyorum
      randevumu iptal edebilir miyim
      Dur geliyorum
      kod gelmedi
      fiyatı ne kadar
      kaçta kapanıyorsunuz
      durakta bekliyorum
      10 dk ya geliyorum
      kolay gelsin`,
  },
  ru: {
    'opt-out': `
      СТОП
      стоп
      Стоп!!
      STOP
      Отписаться
      отписка
      отпишите меня
      Отпишите меня пожалуйста от рассылки
      Не пишите мне больше
      не присылайте больше смс
      хватит слать
      Хватит
      Прекратите рассылку
      Удалите мой номер
      уберите меня из базы
      Не интересует
      отвалите
      как отписаться?
      Отстаньте уже
      больше не надо`,
    'opt-in': `
      СТАРТ
      подпишите меня снова`,
    help: `
      ПОМОЩЬ
      помогите пожалуйста`,
    unclear: `
      Вы ошиблись номером
      кто это
      спам
      мошенники`,
    other: `
      спасибо
      Спасибо большое!
      да
      нет
      Ок
      Отмена заказа 4455
      хочу отменить запись
      остановка у магазина
      код не пришел
      сколько стоит
      Не останавливайтесь, всё отлично
      буду через 10 минут`,
  },
  zh: {
    'opt-out': `
      退订
      T
      TD
      td
      回T退订
      退订。
      我要退订
      请帮我退订
      退订谢谢
      N
      拒收
      不要再发了
      别发了
      不要再给我发短信了
      别再骚扰我
      取消订阅
      停止发送
      以后不用发了
      请删除我的号码
      STOP
      退訂
      不要再傳了`,
    'opt-in': `
      订阅`,
    help: `
      帮助`,
    unclear: `
      发错了吧
      你是谁
      骗子
      垃圾短信
      我要投诉`,
    other: `
      谢谢
      好的
      收到
      可以
      不用了谢谢
      取消订单
      几点关门
      多少钱
      没收到验证码
      公交停止运营了吗
      明天到`,
  },
  ar: {
    'opt-out': `
      إلغاء
      الغاء
      الغاء الاشتراك
      أريد إلغاء الاشتراك
      توقف
      توقفوا عن الإرسال
      أوقف الرسائل
      ايقاف
      STOP
      لا ترسلوا لي
      لا ترسل رسائل مرة أخرى
      لا أريد هذه الرسائل
      احذفوا رقمي من القائمة
      كفى
      بدون إزعاج لو سمحت
      مو مهتم
      ابغى الغي الاشتراك
      كيف ألغي الاشتراك؟
      شيلوا رقمي`,
    'opt-in': `
      اشتراك`,
    help: `
      مساعدة
      ممكن مساعدة`,
    unclear: `
      الرقم غلط
      مين معي؟
      نصابين
      هذا احتيال`,
    other: `
      شكرا
      شكراً جزيلاً
      نعم
      لا
      تمام
      إلغاء الطلب
      أريد إلغاء الموعد
      توقف المطر
      كم السعر
      لم يصلني الرمز
      متى تفتحون
      انا في الطريق
      إن شاء الله
      السلام عليكم`,
  },
};

/** Real-looking replies in ten languages. */
export const REPLIES: readonly LabelledReply[] = Object.entries(BY_LANGUAGE).flatMap(([language, replies]) =>
  (Object.entries(replies) as [ReplyMeaning['type'], string][]).flatMap(([meaning, lines]) =>
    lines
      .trim()
      .split('\n')
      .map((line) => ({ language, meaning, content: line.trim() })),
  ),
);
