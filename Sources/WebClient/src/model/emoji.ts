// The emojis of the picker, with their names in English and Turkish. A few hundred that people use, not all that exist.

export interface Emoji {
  emoji: string
  /** As in `:name:`; English first, then Turkish, then other words that find it. */
  names: string[]
}

export const emojiGroups = ['people', 'gestures', 'nature', 'food', 'activity', 'objects', 'symbols', 'flags'] as const
export type EmojiGroup = typeof emojiGroups[number]

/** `emoji english türkçe others`, one after the other. */
const table: Record<EmojiGroup, string> = {
  people: `😀 grinning sırıtma|😃 smiley gülümseme|😄 smile gülme|😁 grin sırıtış|😆 laughing kahkaha xd|😅 sweat_smile terli_gülme|😂 joy gülmekten_ağlama lol|🤣 rofl yerlere_yatma|🙂 slight_smile hafif_gülümseme|🙃 upside_down ters_yüz|😉 wink göz_kırpma|😊 blush utangaç|😇 innocent melek|🥰 hearts aşık|😍 heart_eyes kalp_gözlü|🤩 star_struck hayran|😘 kissing_heart öpücük|😋 yum lezzetli|😛 tongue dil|😜 winking_tongue dil_çıkarma|🤪 zany çılgın|🤗 hug sarılma|🤭 giggle kıkırdama|🤫 shush sessiz_ol|🤔 thinking düşünme|🤐 zipper ağzı_fermuarlı|🤨 raised_eyebrow kuşku|😐 neutral tarafsız|😑 expressionless ifadesiz|😶 no_mouth ağızsız|😏 smirk kinaye|😒 unamused memnuniyetsiz|🙄 eye_roll göz_devirme|😬 grimacing dişlerini_sıkma|😌 relieved rahatlama|😔 pensive dalgın|😪 sleepy uykulu|😴 sleeping uyuma|😷 mask maskeli|🤒 sick hasta|🤯 mind_blown aklı_uçma|🥳 partying parti_yüzü|😎 sunglasses güneş_gözlüklü cool|🤓 nerd inek|🧐 monocle monokl|😕 confused kafası_karışık|😟 worried endişeli|🙁 frown somurtma|😮 open_mouth şaşırma wow|😲 astonished hayret|😳 flushed yüzü_kızarma|🥺 pleading yalvarma|😨 fearful korkmuş|😰 anxious kaygılı|😢 cry ağlama|😭 sob hıçkırma|😱 scream çığlık|😖 confounded sinir|😩 weary yorgun|🥱 yawn esneme|😤 triumph burnundan_soluma|😡 rage öfke|😠 angry kızgın|🤬 cursing küfür|😈 devil şeytan|💀 skull kurukafa|💩 poop kaka|🤡 clown palyaço|👻 ghost hayalet|👽 alien uzaylı|🤖 robot robot|😺 cat_smile kedi_yüzü|🫡 salute selam|🫠 melting erime|🤝 handshake el_sıkışma`,
  gestures: `👍 thumbsup beğen +1 like|👎 thumbsdown beğenme -1|👌 ok_hand tamam|✌️ victory zafer|🤞 crossed_fingers şans|🤟 love_you seni_seviyorum|🤘 horns rock|🤙 call_me ara_beni|👈 point_left sol|👉 point_right sağ|👆 point_up yukarı|👇 point_down aşağı|☝️ index işaret|👋 wave el_sallama selam|🖐️ hand el|✋ raised_hand dur|👏 clap alkış|🙌 raised_hands yaşasın|🙏 pray lütfen teşekkür|💪 muscle kas güç|✊ fist yumruk|👊 punch yumruk_atma|✍️ writing yazma|👀 eyes gözler|👁️ eye göz|🧠 brain beyin|🗣️ speaking konuşan|👤 silhouette siluet|👥 people kişiler|🤷 shrug omuz_silkme|🤦 facepalm of_ya|🙋 raising_hand el_kaldırma|🙅 no_gesture hayır|🙆 ok_gesture olur|🏃 running koşma|💃 dancer dans|🕺 dancing dans_eden`,
  nature: `🐶 dog köpek|🐱 cat kedi|🐭 mouse fare|🐰 rabbit tavşan|🦊 fox tilki|🐻 bear ayı|🐼 panda panda|🐨 koala koala|🐯 tiger kaplan|🦁 lion aslan|🐮 cow inek_hayvan|🐷 pig domuz|🐸 frog kurbağa|🐵 monkey maymun|🙈 see_no_evil görmedim|🙉 hear_no_evil duymadım|🙊 speak_no_evil söylemem|🐔 chicken tavuk|🐧 penguin penguen|🐦 bird kuş|🦆 duck ördek|🦉 owl baykuş|🐺 wolf kurt|🐴 horse at|🦄 unicorn tek_boynuzlu|🐝 bee arı|🦋 butterfly kelebek|🐌 snail salyangoz|🐞 ladybug uğur_böceği|🐢 turtle kaplumbağa|🐍 snake yılan|🐙 octopus ahtapot|🐬 dolphin yunus|🐳 whale balina|🦈 shark köpekbalığı|🌵 cactus kaktüs|🌲 tree ağaç|🌱 seedling fide|🍀 clover yonca şans|🌹 rose gül|🌻 sunflower ayçiçeği|🌷 tulip lale|🌞 sun güneş|🌙 moon ay|⭐ star yıldız|🌟 glowing_star parlak_yıldız|⚡ zap şimşek|🔥 fire ateş|🌈 rainbow gökkuşağı|☁️ cloud bulut|🌧️ rain yağmur|❄️ snowflake kar|☃️ snowman kardan_adam|🌊 ocean dalga|🌍 earth dünya`,
  food: `🍎 apple elma|🍌 banana muz|🍇 grapes üzüm|🍉 watermelon karpuz|🍓 strawberry çilek|🍒 cherries kiraz|🍑 peach şeftali|🍋 lemon limon|🍅 tomato domates|🥑 avocado avokado|🍆 eggplant patlıcan|🌶️ pepper biber|🌽 corn mısır|🥕 carrot havuç|🍞 bread ekmek|🥐 croissant kruvasan|🧀 cheese peynir|🥚 egg yumurta|🥓 bacon pastırma|🍔 burger hamburger|🍟 fries patates|🍕 pizza pizza|🌭 hotdog sosisli|🥙 kebab dürüm döner|🌮 taco taco|🥗 salad salata|🍝 spaghetti makarna|🍜 ramen erişte|🍣 sushi suşi|🍦 ice_cream dondurma|🍩 donut çörek|🍪 cookie kurabiye|🎂 cake doğum_günü|🍰 shortcake pasta|🍫 chocolate çikolata|🍿 popcorn patlamış_mısır|☕ coffee kahve|🍵 tea çay|🥛 milk süt|🧃 juice meyve_suyu|🍺 beer bira|🍻 beers şerefe|🍷 wine şarap|🥂 cheers kadeh|🧉 mate mate`,
  activity: `⚽ soccer futbol|🏀 basketball basketbol|🏐 volleyball voleybol|🎾 tennis tenis|🏓 ping_pong masa_tenisi|🥊 boxing boks|🎯 dart hedef|🎮 game oyun|🕹️ joystick oyun_kolu|🎲 dice zar|♟️ chess satranç|🧩 puzzle yapboz|🎨 art sanat|🎭 theater tiyatro|🎬 movie film|🎤 microphone mikrofon|🎧 headphones kulaklık|🎵 music müzik|🎶 notes nota|🎸 guitar gitar|🎹 piano piyano|🥁 drum davul|🏆 trophy kupa|🥇 gold altın_madalya|🥈 silver gümüş_madalya|🥉 bronze bronz_madalya|🎉 tada kutlama konfeti|🎊 confetti konfeti_topu|🎈 balloon balon|🎁 gift hediye|🚗 car araba|🚌 bus otobüs|🚲 bike bisiklet|✈️ airplane uçak|🚀 rocket roket|⛵ sailboat yelkenli|🏠 house ev|🏖️ beach plaj|⛰️ mountain dağ`,
  objects: `💻 laptop bilgisayar|🖥️ desktop masaüstü|⌨️ keyboard klavye|🖱️ computer_mouse bilgisayar_faresi|📱 phone telefon|📷 camera fotoğraf|🎥 video kamera|📺 tv televizyon|🔋 battery pil|🔌 plug fiş|💡 bulb fikir ampul|🔦 flashlight el_feneri|📚 books kitaplar|📖 book kitap|📝 memo not|✏️ pencil kalem|📎 paperclip ataç|📌 pin raptiye|📍 location konum|📅 calendar takvim|📈 chart_up yükseliş|📉 chart_down düşüş|📊 chart grafik|📁 folder klasör|🗑️ trash çöp|🔒 lock kilit|🔓 unlock açık_kilit|🔑 key anahtar|🔨 hammer çekiç|🔧 wrench ingiliz_anahtarı|⚙️ gear dişli ayar|🧪 test_tube deney|🔬 microscope mikroskop|💊 pill hap|🧲 magnet mıknatıs|💣 bomb bomba|🔔 bell zil|🔕 no_bell sessiz|📢 loudspeaker hoparlör duyuru|✉️ envelope zarf|📦 package paket|💰 money para|💳 card kart|⏰ alarm saat|⏳ hourglass kum_saati|🔍 search arama|🪄 magic sihir|👑 crown taç|💎 gem elmas|🕶️ glasses gözlük`,
  symbols: `❤️ heart kalp sevgi|🧡 orange_heart turuncu_kalp|💛 yellow_heart sarı_kalp|💚 green_heart yeşil_kalp|💙 blue_heart mavi_kalp|💜 purple_heart mor_kalp|🖤 black_heart siyah_kalp|🤍 white_heart beyaz_kalp|💔 broken_heart kırık_kalp|💕 two_hearts iki_kalp|💯 hundred yüz_puan 100|💢 anger sinirli|💥 boom patlama|💫 dizzy baş_dönmesi|💦 sweat ter|💤 zzz uyku|✨ sparkles parıltı|✅ check onay tamamlandı|☑️ checked işaretli|✔️ tick tik|❌ x çarpı hayır|❎ cross çarpı_kutu|❓ question soru|❗ exclamation ünlem|‼️ bangbang iki_ünlem|⚠️ warning uyarı|⛔ no_entry giriş_yok|🚫 forbidden yasak|🆗 ok ok|🆕 new yeni|🆒 cool_sign havalı|🔴 red kırmızı|🟠 orange turuncu|🟡 yellow sarı|🟢 green yeşil|🔵 blue mavi|🟣 purple mor|⚫ black siyah|⚪ white beyaz|🔺 triangle üçgen|➕ plus artı|➖ minus eksi|➡️ right_arrow sağ_ok|⬅️ left_arrow sol_ok|⬆️ up_arrow yukarı_ok|⬇️ down_arrow aşağı_ok|🔄 refresh yenile|♻️ recycle geri_dönüşüm|▶️ play oynat|⏸️ pause duraklat|🔇 mute sustur|🔊 loud ses|💬 speech konuşma_balonu|💭 thought düşünce_balonu|♾️ infinity sonsuz|🧿 nazar nazar_boncuğu`,
  flags: `🇹🇷 tr türkiye|🇦🇿 az azerbaycan|🇩🇪 de almanya|🇬🇧 gb birleşik_krallık|🇺🇸 us abd|🇫🇷 fr fransa|🇮🇹 it italya|🇪🇸 es ispanya|🇳🇱 nl hollanda|🇬🇷 gr yunanistan|🇧🇬 bg bulgaristan|🇺🇦 ua ukrayna|🇵🇱 pl polonya|🇸🇪 se isveç|🇯🇵 jp japonya|🇰🇷 kr kore|🇧🇷 br brezilya|🇨🇦 ca kanada|🇪🇺 eu avrupa|🏁 checkered bitiş|🏳️ white_flag beyaz_bayrak|🏴‍☠️ pirate korsan|🏳️‍🌈 rainbow_flag gökkuşağı_bayrağı`,
}

export const emojis: Record<EmojiGroup, Emoji[]> = Object.fromEntries(Object.entries(table).map(([group, text]) => [
  group, text.split('|').map((entry) => {
    const [emoji = '', ...names] = entry.split(' ')
    return { emoji, names }
  }),
])) as Record<EmojiGroup, Emoji[]>

const all = emojiGroups.flatMap((group) => emojis[group])
const byName = new Map(all.flatMap(({ emoji, names }) => names.map((name) => [name, emoji] as const)).reverse())

/** What a search compares: small letters without their marks, so that `ığüşöç` are found with `iguşoc` too. */
export const folded = (text: string): string =>
  text.toLocaleLowerCase('tr').normalize('NFD').replace(/\p{M}/gu, '').replace(/ı/g, 'i')

/** Emojis whose name has a word that begins with what is searched for; then those that have it anywhere. */
export function findEmojis(query: string, most: number): Emoji[] {
  const wanted = folded(query.trim().replace(/ /g, '_'))
  if (!wanted) return all.slice(0, most)
  const rank = ({ names }: Emoji): number => Math.min(...names.map((name) => {
    const known = folded(name)
    return known === wanted ? 0 : known.startsWith(wanted) ? 1 : known.includes(`_${wanted}`) ? 2 : known.includes(wanted) ? 3 : 9
  }))
  return all.map((entry) => ({ entry, rank: rank(entry) })).filter((found) => found.rank < 9)
    .sort((a, b) => a.rank - b.rank).slice(0, most).map((found) => found.entry)
}

/** The name of an emoji in the reader's language, for screen readers and tooltips. */
export function emojiName(emoji: string, language: 'tr' | 'en'): string {
  const names = all.find((entry) => entry.emoji === emoji)?.names
  return (names?.[language === 'tr' ? 1 : 0] ?? names?.[0] ?? emoji).replace(/_/g, ' ')
}

/** `:name:` becomes the emoji, where there is one of that name. */
export const withEmojis = (text: string): string =>
  text.replace(/:([\p{L}\d_+-]{1,30}):/gu, (whole, name: string) => byName.get(name.toLocaleLowerCase('tr')) ?? byName.get(name.toLowerCase()) ?? whole)
