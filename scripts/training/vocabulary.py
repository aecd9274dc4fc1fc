"""The words our own home commands are made of: wide lists, so that no slot is learnt by heart."""


def _phrases(lines: str) -> tuple[str, ...]:
    return tuple(phrase for part in lines.replace("\n", ",").split(",") if (phrase := part.strip()))


ROOMS = _phrases("""
    kitchen, living room, bedroom, bathroom, hallway, hall, office, study, garage, garden, dining room,
    guest room, kids room, children's room, nursery, attic, basement, cellar, laundry room, utility room,
    porch, patio, balcony, terrace, conservatory, den, library, playroom, workshop, shed, driveway,
    entrance, front door, back yard, front yard, upstairs, downstairs, landing, stairs, staircase, pantry,
    closet, walk in closet, lounge, family room, sunroom, master bedroom, master bathroom, game room, gym,
    studio, music room, spare room, loft, first floor, second floor, ground floor, top floor, lobby,
    corridor, greenhouse, carport, toilet, shower, cloakroom, mudroom, media room
""")
OWNED_ROOMS = _phrases("""
    emma's room, anna's room, tom's room, mum's office, dad's office, my room, the baby's room, lucas's
    bedroom, sophie's bedroom, grandma's room, my bedroom, my office, our bedroom, the boys room, the girls
    room, max's room
""")
LIGHTS = _phrases("""
    lights, light, lamp, lamps, ceiling light, ceiling lights, floor lamp, table lamp, desk lamp, bedside
    lamp, night light, reading light, reading lamp, spotlights, strip lights, led strip, fairy lights,
    chandelier, pendant, wall light, wall lamp, mirror light, bar lights, counter lights, cabinet lights,
    christmas lights, tree lights, string lights, lantern, lava lamp, flood light, main light, side lamp,
    corner lamp, bulb, sconces, downlights
""")
SWITCHES = _phrases("""
    fan, ceiling fan, heater, electric heater, kettle, coffee maker, coffee machine, tv, television, radio,
    printer, dehumidifier, humidifier, air purifier, air conditioner, air conditioning, heating, towel rail,
    washing machine, dryer, dishwasher, oven, stove, microwave, toaster, plug, smart plug, socket, outlet,
    power strip, switch, router, wifi, vacuum, robot vacuum, sprinkler, sprinklers, irrigation, pump, pool
    pump, fountain, hot tub, boiler, water heater, extractor fan, cooker hood, sound bar, speaker, speakers,
    amplifier, receiver, projector, game console, playstation, computer, monitor, charger, car charger,
    electric blanket, fireplace, aquarium, camera, alarm system, doorbell, siren, freezer, fridge, lawn
    mower, rice cooker, slow cooker, christmas tree, diffuser, sewing machine
""")
COVERS = _phrases("""
    blinds, blind, curtains, curtain, shutters, shutter, shades, shade, roller shutters, roller blinds,
    garage door, gate, front gate, awning, window, windows, skylight, door, drapes, venetian blinds, left
    curtain, right blind, pool cover, screen, projector screen, sun shade, roof window
""")
LOCKS = _phrases(
    "front door, back door, garage door, side door, gate, patio door, shed, door, basement door, car"
)
SCENES = _phrases("""
    movie night, good night, good morning, dinner, party, relax, reading, bedtime, away, romantic, work,
    cooking, sunrise, sunset, focus, study, gaming, guest mode, holiday, leaving home, coming home, wake up,
    night mode, yoga
""")
COLOURS = _phrases("""
    red, green, blue, yellow, orange, purple, pink, white, warm white, cold white, cool white, soft white,
    daylight, violet, turquoise, cyan, magenta, teal, lavender, gold, amber, lime, crimson, indigo, salmon,
    peach, mint, coral, light blue, dark blue, sky blue, royal blue, navy blue, dark green, light green,
    forest green, hot pink, dark red, candle light, ivory, lilac, maroon, olive, beige, brown, aquamarine,
    scarlet, plum, ocean blue, rose
""")
TIMER_NAMES = _phrases("""
    pasta, egg, eggs, pizza, tea, rice, laundry, oven, chicken, bread, cake, cookies, potatoes, steak, nap,
    workout, homework, break, meeting, dishwasher, washing machine, sauce, soup, bath, yoga, parking,
    medicine, dough, roast, vegetables, turkey, salmon, noodles, lentils, beans, lasagna, pie, muffins,
    brownies, kitchen, study, reading, plank, fish, broccoli, dinner, lunch, breakfast, kids, screen time,
    time out, dryer, sprinkler, marinade, quinoa, popcorn
""")
SHOPPING = _phrases("""
    milk, eggs, bread, butter, cheese, apples, bananas, oranges, lemons, limes, grapes, strawberries,
    blueberries, raspberries, pears, peaches, plums, mangoes, pineapple, avocados, tomatoes, potatoes,
    onions, garlic, ginger, carrots, celery, cucumber, lettuce, spinach, kale, broccoli, cauliflower,
    cabbage, peppers, mushrooms, zucchini, eggplant, courgettes, aubergine, pumpkin, sweet potatoes, corn,
    peas, green beans, lentils, chickpeas, rice, pasta, noodles, flour, sugar, salt, black pepper, olive
    oil, vinegar, soy sauce, ketchup, mustard, mayonnaise, honey, jam, peanut butter, cereal, oats, granola,
    yoghurt, yogurt, cream, sour cream, ice cream, chocolate, biscuits, cookies, crackers, chips, crisps,
    popcorn, nuts, almonds, walnuts, cashews, raisins, chicken, chicken breast, beef, ground beef, minced
    meat, pork, bacon, ham, sausages, turkey, lamb, fish, salmon, tuna, shrimp, tofu, hummus, olives,
    pickles, basil, parsley, coriander, cilantro, thyme, rosemary, oregano, cinnamon, cumin, paprika,
    turmeric, vanilla, yeast, baking powder, baking soda, water, sparkling water, orange juice, apple juice,
    lemonade, beer, red wine, white wine, tea, green tea, coffee, coffee beans, coffee filters, toilet
    paper, paper towels, tissues, napkins, soap, shampoo, conditioner, toothpaste, toothbrush, deodorant,
    razors, sunscreen, diapers, nappies, wipes, dish soap, washing powder, laundry detergent, fabric
    softener, bleach, sponges, bin bags, trash bags, aluminium foil, baking paper, cling film, light bulbs,
    batteries, candles, matches, cat food, dog food, cat litter, bird seed, flowers, stamps, envelopes,
    pens, notebooks, tape, glue, screws, nails, paint, plasters, aspirin, ibuprofen, vitamins
""")
QUANTITIES = _phrases("""
    a bottle of, two bottles of, a pack of, a packet of, a dozen, a box of, a bag of, two bags of, a can of,
    three cans of, a jar of, a carton of, half a kilo of, a kilo of, two kilos of, a pound of, two pounds
    of, a liter of, some, more, a few, a loaf of, a bunch of, one, two, three, four, five, six, a tube of, a
    roll of, five hundred grams of
""")
FIRST_NAMES = _phrases("""
    james, mary, john, patricia, robert, jennifer, michael, linda, william, elizabeth, david, barbara,
    richard, susan, joseph, jessica, thomas, sarah, charles, karen, daniel, nancy, matthew, lisa, anthony,
    betty, mark, sandra, steven, ashley, paul, emily, andrew, donna, joshua, michelle, kevin, carol, brian,
    amanda, george, melissa, edward, deborah, stephanie, rebecca, laura, sharon, cynthia, kathleen, amy,
    angela, shirley, anna, brenda, pamela, emma, nicole, helen, samantha, katherine, christine, rachel,
    janet, catherine, maria, heather, diane, olivia, julie, joyce, victoria, kelly, lauren, joan, evelyn,
    judith, megan, andrea, cheryl, hannah, jacqueline, martha, gloria, teresa, ann, sara, madison, frances,
    jean, abigail, alice, julia, judy, sophia, grace, denise, amber, doris, marilyn, danielle, beverly,
    isabella, theresa, diana, natalie, brittany, charlotte, marie, kayla, liam, noah, oliver, elijah, lucas,
    mason, logan, ethan, jacob, jackson, aiden, sebastian, jack, henry, owen, dylan, luke, gabriel, isaac,
    jayden, levi, nathan, caleb, ryan, adrian, leo, max, felix, ben, tom, sam, joe, nick, chris, matt, mike,
    dave, steve, dan, kate, jane, lucy, ella, ava, mia, zoe, lily, chloe, ruby, rose, ivy, freya, poppy,
    isla, niamh, siobhan, aoife, sean, liam, declan, callum, hamish, angus, fiona, catriona, gareth, rhys,
    bronwen, pierre, jean paul, camille, amelie, claire, mathieu, francois, juan, carlos, miguel, jose,
    luis, diego, alejandro, javier, sofia, lucia, carmen, pilar, valentina, camila, mateo, santiago, joao,
    pedro, tiago, beatriz, ines, giovanni, marco, luca, giulia, chiara, francesca, alessandro, hans, klaus,
    jurgen, wolfgang, heidi, greta, lukas, jonas, lena, anja, sven, lars, erik, astrid, ingrid, bjorn, olaf,
    freja, mikkel, aino, matti, jan, piet, sanne, pavel, tomasz, agnieszka, katarzyna, wojciech, zofia,
    ivan, dmitri, olga, natasha, svetlana, sergei, yuri, oksana, andrei, ioana, mihai, dimitris, eleni,
    yannis, ayse, mehmet, emre, elif, mustafa, fatima, ahmed, mohammed, ali, omar, hassan, hussein, layla,
    yasmin, aisha, khalid, youssef, ibrahim, zainab, noor, reza, parisa, cyrus, shirin, david, moshe, yael,
    noa, avi, rajesh, priya, anil, sunita, amit, deepak, lakshmi, arjun, ananya, rohan, kavita, sanjay,
    vikram, neha, pooja, ravi, suresh, meera, aditya, ishaan, divya, krishna, harpreet, gurpreet, imran,
    farhan, wei, ming, xiao, li, jing, mei, hao, yan, chen, lin, hiroshi, yuki, kenji, sakura, haruto,
    akiko, takeshi, naomi, min jun, ji woo, seo yeon, hye jin, nguyen, linh, minh, thu, anh, somchai, malee,
    putri, budi, dewi, siti, jose maria, kwame, ama, kofi, chidi, ngozi, amara, emeka, oluwaseun, thabo,
    sipho, zanele, nia, jamal, aaliyah, malik, keisha, tyrone, latoya, kai, leilani, moana, aroha, tane
""")
LAST_NAMES = _phrases("""
    smith, johnson, williams, brown, jones, garcia, miller, davis, rodriguez, martinez, hernandez, lopez,
    gonzalez, wilson, anderson, thomas, taylor, moore, jackson, martin, lee, perez, thompson, white, harris,
    sanchez, clark, ramirez, lewis, robinson, walker, young, allen, king, wright, scott, torres, nguyen,
    hill, flores, green, adams, nelson, baker, hall, rivera, campbell, mitchell, carter, roberts, gomez,
    phillips, evans, turner, diaz, parker, cruz, edwards, collins, reyes, stewart, morris, morales, murphy,
    cook, rogers, gutierrez, ortiz, morgan, cooper, peterson, bailey, reed, kelly, howard, ramos, kim, cox,
    ward, richardson, watson, brooks, chavez, wood, bennett, gray, mendoza, ruiz, hughes, price, alvarez,
    castillo, sanders, patel, myers, long, ross, foster, jimenez, o'brien, o'connor, o'neill, mcdonald,
    mckenzie, macleod, fraser, sinclair, davies, llewellyn, griffiths, muller, schmidt, schneider, fischer,
    weber, meyer, wagner, becker, hoffmann, schulz, koch, richter, klein, wolf, dubois, durand, leroy,
    moreau, lefebvre, rossi, russo, ferrari, esposito, bianchi, romano, silva, santos, oliveira, pereira,
    costa, ferreira, jansen, de vries, van den berg, bakker, visser, hansen, johansen, olsen, larsen,
    nielsen, andersson, karlsson, nilsson, eriksson, virtanen, korhonen, novak, kowalski, nowak, wisniewski,
    ivanov, petrov, smirnov, popov, kuznetsov, shevchenko, horvath, nagy, szabo, popescu, papadopoulos,
    yilmaz, kaya, demir, khan, ahmed, hussain, malik, sharma, singh, kumar, gupta, verma, mehta, reddy,
    iyer, nair, rao, das, banerjee, chatterjee, mukherjee, desai, shah, joshi, kapoor, chopra, wang, li,
    zhang, liu, chen, yang, huang, zhao, wu, zhou, xu, sun, ma, tanaka, suzuki, sato, watanabe, yamamoto,
    nakamura, kobayashi, park, choi, jung, tran, le, pham, hoang, santoso, wijaya, okafor, adeyemi, okonkwo,
    mensah, owusu, nkosi, dlamini, mbeki, abebe, tesfaye, haddad, khoury, nasser, rahman, chowdhury, cohen,
    levy, goldberg, friedman, hosseini, ahmadi, kealoha, ngata
""")
CONTACTS = _phrases("""
    mum, mom, dad, mother, father, my mum, my mom, my dad, my mother, my father, my wife, my husband, my
    sister, my brother, my son, my daughter, my boss, grandma, grandpa, granny, nana, my uncle, my aunt,
    aunt mary, uncle bob, the office, the doctor, the dentist, doctor patel, doctor brown, the school, the
    neighbour, the neighbor, the babysitter, home, work, the plumber, the electrician, the landlord, the
    vet, the pharmacy, the restaurant, reception, my mobile, my partner, my girlfriend, my boyfriend,
    emergency services, the hospital, the taxi company, my lawyer, my cousin
""")
MESSAGES = _phrases("""
    i'm on my way, i will be late, dinner is ready, see you soon, call me back, happy birthday, where are
    you, i'll be there in ten minutes, good luck, thank you, don't forget the milk, what time are you
    coming, i love you, are you home, can you pick me up, i'm running late, let's meet at seven, please feed
    the cat, the meeting is cancelled, i got the job, we are out of bread, how are you, good night, i'm
    stuck in traffic, we need to talk, come home, the door is open, i left my keys, did you eat, see you
    tomorrow, i'm at the airport, wait for me, no problem
""")
REMINDERS = _phrases("""
    take out the trash, take out the bins, call mum, call the doctor, water the plants, feed the cat, walk
    the dog, take my medicine, take the pills, pay the rent, pay the electricity bill, buy milk, pick up the
    kids, go to the gym, charge the phone, do the laundry, empty the dishwasher, send the report, book the
    flight, renew the passport, check the oven, lock the door, drink some water, practise the piano, do my
    homework, return the books, buy a birthday present, collect the parcel, clean the bathroom, defrost the
    chicken, wish anna a happy birthday, cancel the subscription, back up the computer, change the filter,
    stretch, stand up, turn off the stove
""")
BANDS = _phrases("""
    the velvet pigeons, silver harbour, paper lanterns, the midnight gardeners, copper wolves, electric
    meadow, the lonely engineers, blue tram, northern sisters, the quiet storm band, dusty vinyl, maple
    street, the wandering owls, ocean parade, red bicycle, the sleepy foxes, golden static, the glass
    violins, winter radio, lemon tree orchestra, mozart, bach, beethoven, chopin, vivaldi, debussy, handel,
    schubert, brahms, tchaikovsky, verdi, haydn, liszt
""")
SONGS = _phrases("""
    walking on the moonlight, seven summers, the river knows, dance with the rain, letters from home, hold
    the line, paper boats, stay a little longer, morning in november, the last train, under the bridge of
    stars, wild horses run, coming back to you, sugar and smoke, nobody's island, one more mile, the garden
    song, city of glass, burning bright, a thousand candles, moonlight sonata, the four seasons, fur elise,
    claire de lune, the blue danube, silent night, happy birthday, jingle bells, twinkle twinkle little
    star, amazing grace, greensleeves, auld lang syne
""")
PLAYLISTS = _phrases("""
    favourites, favorites, workout, running, dinner, party, chill, focus, road trip, cooking, morning,
    evening, sleep, summer hits, winter songs, study, classics, oldies, kids songs, lullabies, christmas,
    jazz, rock, blues, classical, country, reggae, techno, folk, soul, funk, hip hop, metal, pop, indie,
    acoustic, piano, nature sounds, rain sounds, white noise, ocean waves, audiobooks, podcasts, meditation,
    yoga, opera, film music, soundtracks, salsa, bollywood
""")
CITIES = _phrases("""
    london, paris, berlin, new york, tokyo, sydney, madrid, rome, vienna, dublin, edinburgh, manchester,
    toronto, chicago, boston, seattle, denver, san francisco, los angeles, mexico city, lima, bogota, buenos
    aires, rio de janeiro, lisbon, amsterdam, brussels, copenhagen, oslo, stockholm, helsinki, warsaw,
    prague, budapest, athens, istanbul, cairo, lagos, nairobi, cape town, dubai, mumbai, delhi, bangalore,
    singapore, hong kong, shanghai, beijing, seoul, melbourne, auckland, honolulu, montreal, vancouver,
    munich, hamburg, zurich, geneva, barcelona, milan, naples, glasgow, bristol
""")
STREETS = _phrases("""
    oak, maple, cedar, elm, pine, church, station, high, mill, park, lake, river, hill, washington, lincoln,
    victoria, king, queen, market, bridge, north, south, east, west, garden, school, chestnut, walnut,
    spring, sunset, highland, franklin, jefferson, madison, jackson, adams, monroe, willow, cherry, forest,
    meadow, valley, harbour, mountain, rose
""")
STREET_KINDS = _phrases(
    "street, road, avenue, lane, drive, court, place, boulevard, way, close, crescent, terrace"
)
STATES = _phrases("""
    california, texas, florida, ohio, georgia, virginia, oregon, arizona, nevada, colorado, illinois,
    michigan, maine, karnataka, kerala, maharashtra, punjab, gujarat, tamil nadu, bavaria, ontario,
    queensland, kent, essex, wales, scotland
""")
COMMAND_WORDS = _phrases("""
    yes, no, stop, up, down, left, right, on, off, go, cancel, pause, resume, play, next, previous, help,
    louder, quieter, mute, unmute, back, again, repeat, more, less, okay, thanks, thank you, please, hello,
    goodbye, good morning, good night, good evening, start, continue, enough, quiet, be quiet, shut up,
    silence, wait, never mind, forget it, volume up, volume down, lights on, lights off, skip, shuffle, next
    song, that's all, stop it, stop that, hurry up, snooze, dismiss, open, close, lock, unlock, weather,
    news, time, what time is it, forward, backward, follow, learn, visual, house, home, bed, bird, cat, dog,
    tree, happy, wow, marvin, sheila
""")
DRINKS = _phrases("""
    coffee, tea, espresso, cappuccino, latte, americano, mocha, macchiato, flat white, cortado, ristretto,
    lungo, cold brew, iced coffee, instant coffee, decaf, filter coffee, black coffee, green tea, black tea,
    mint tea, chamomile tea, iced tea, herbal tea, earl grey, hot chocolate, cocoa, chai, matcha, milk, warm
    milk, milkshake, smoothie, water, sparkling water, mineral water, tonic water, soda, coke, lemonade,
    ginger ale, root beer, orange juice, apple juice, tomato juice, grapefruit juice, cranberry juice, beer,
    lager, ale, cider, wine, red wine, white wine, champagne, gin and tonic, margarita, mojito, whisky, rum,
    vodka, brandy, punch, eggnog, kombucha, energy drink, protein shake
""")
DISHES = _phrases("""
    pizza, burger, hamburger, cheeseburger, hot dog, sandwich, toast, salad, caesar salad, soup, tomato
    soup, chicken soup, omelette, scrambled eggs, pancakes, waffles, porridge, cereal, bagel, croissant,
    muffin, doughnut, cupcake, cake, cheesecake, apple pie, brownie, cookie, ice cream, fruit salad,
    spaghetti,
    lasagna, risotto, pasta, macaroni and cheese, fried rice, noodles, ramen, sushi, curry, chicken curry,
    tacos, burrito, quesadilla, nachos, fish and chips, french fries, mashed potatoes, baked potato, roast
    chicken, roast beef, pork chops, meatballs, steak, stew, chili, casserole, kebab, falafel, dumplings,
    spring rolls, stir fry, pie, pudding, custard, jelly, popcorn, snack, breakfast, lunch, dinner, dessert
""")
SIZES = _phrases("""
    small, medium, large, regular, extra large, big, little, tiny, huge, tall, short, single, double, triple,
    half, full, quarter, family size, medium sized, large sized, giant, mini, king size, normal
""")
MANNERS = _phrases("""
    hot, cold, iced, warm, strong, weak, mild, dark, light, fresh, sweet, spicy, plain, grilled, fried, baked,
    roasted, boiled, frozen, organic, decaf, dark roast, light roast, medium roast, single shot, double shot,
    triple shot, extra hot, well done, rare, medium rare, gluten free, vegan, vegetarian, fat free, low fat,
    homemade, crispy, sour, salted, unsalted, sliced, whole, chopped
""")
EXTRAS = _phrases("""
    milk, sugar, cream, brown sugar, white sugar, cane sugar, sweetener, honey, syrup, maple syrup, vanilla
    syrup, caramel, chocolate, cinnamon, whipped cream, half and half, soy milk, oat milk, almond milk,
    coconut milk, rice milk, skim milk, skimmed milk, whole milk, low fat milk, condensed milk, ice, lemon, a
    slice of lemon, mint, ginger, salt, pepper, butter, cheese, extra cheese, ketchup, mustard, mayonnaise,
    onions, mushrooms, olives, tomatoes, bacon, ham, a straw, a spoon, no sugar, two sugars, a little milk, a
    lot of sugar, lots of ice, garlic, hot sauce, sour cream, gravy, sprinkles, nuts, berries
""")
THINGS = _phrases("""
    keys, wallet, purse, phone, glasses, sunglasses, watch, ring, necklace, umbrella, hat, cap, scarf, gloves,
    coat, jacket, jumper, sweater, shirt, blouse, dress, skirt, trousers, jeans, shorts, socks, shoes, boots,
    sandals, slippers, pyjamas, belt, tie, suit, bag, backpack, suitcase, laptop, tablet, charger, cable,
    headphones, remote control, book, magazine, newspaper, letter, parcel, pen, pencil, paper, scissors, tape,
    hammer, screwdriver, drill, ladder, bucket, mop, broom, towel, blanket, pillow, sheet, mattress, mirror,
    brush, comb, hairdryer, toothbrush, razor, plate, bowl, cup, mug, glass, fork, knife, spoon, pan, pot,
    kettle, toaster, basket, box, bottle, jar, lid, shelf, drawer, cupboard, wardrobe, table, chair, sofa,
    armchair, desk, carpet, rug, picture, photo, frame, clock, candle, vase, plant, tree, flower, grass, leaf,
    fence, path, bench, pool, ball, bat, bicycle, bike, helmet, scooter, skateboard, car, van, truck, bus,
    train, plane, boat, ticket, passport, map, money, coin, card, gift, present, toy, doll, puzzle,
    game, cards,
    guitar, piano, violin, drum, trumpet, camera, tripod, microphone, dog, cat, puppy, kitten,
    rabbit, hamster,
    fish, bird, parrot, turtle, horse, cow, sheep, goat, pig, duck, chicken, bee, spider, butterfly
""")
