"""How people ask things of their home: templates, each kind with its share of what is drawn.

In a template `(a|b)` is one of several, `[a]` may be left out, and `{slot}` is filled by `commands.Commands`.
"""

HOME_TEMPLATES: dict[str, tuple[float, tuple[str, ...]]] = {
    "light": (
        5,
        (
            "[please] (turn|switch) (on|off) [the] {light} [please]",
            "(turn|switch) [the] {light} (on|off) [please]",
            "(set|change|turn|make|switch) [the] {light} [to] {colour}",
            "(set|dim|brighten|turn) [the] {light} [to] {percent} percent [brightness]",
            "set [the] [brightness of] [the] {light} to {percent} [percent]",
            "set [the] {light} brightness to {percent} percent",
            "(dim|brighten) [the] {light} [(a little|a bit|by {percent} percent)]",
            "(make|set) [the] {light} (brighter|darker|dimmer|warmer|cooler|to full brightness|to half)",
            (
                "(increase|decrease|raise|lower) [the] brightness [of the {light}|in "
                "the {room}] [by {percent} percent]"
            ),
            (
                "turn (on|off) (all|all the|every|the) (lights|lamps) [in the "
                "{room}|upstairs|downstairs|everywhere]"
            ),
            "(lights|{light}) (on|off|up|down|{colour}|{percent} percent)",
            "{room} (lights|light|lamp) (on|off)",
            "(is|are) the {light} (on|off|still on)",
            "i (want|need|would like) [the] {light} (on|off|{colour}) [please]",
            "(can|could|would) you (turn|switch) (on|off) the {light} [please]",
            "it's too (dark|bright) in (the {room}|here)",
            "toggle [the] {light}",
            "what (colour|color) is the {light}",
            "make the {room} {colour}",
        ),
    ),
    "switch": (
        3,
        (
            "[please] (turn|switch) (on|off) [the] [{room}] {switch} [please]",
            "(turn|switch) [the] [{room}] {switch} (on|off) [(in|for) {duration}]",
            "(start|stop|activate|deactivate|toggle|enable|disable) [the] [{room}] {switch}",
            "is the [{room}] {switch} (on|off|running)",
            "(set|turn) [the] fan [speed] to (low|medium|high|maximum|{percent} percent)",
            "(turn|switch) off everything [in the {room}|please]",
            "(send|return) the vacuum [back] (home|to base|to the dock)",
            "vacuum the {room}",
        ),
    ),
    "cover": (
        3,
        (
            "(open|close|shut|raise|lower) [the] [{room}] {cover} [please]",
            "(set|open|close|move) [the] [{room}] {cover} to {percent} percent",
            "(open|close) [the] {cover} in the {room}",
            (
                "(open|close|raise|lower) (all|all the) "
                "(blinds|curtains|shutters|windows) [in the {room}|upstairs]"
            ),
            "(is|are) the [{room}] {cover} (open|closed)",
            "(open|close) [the] {cover} (half way|halfway|completely|a little|a bit)",
            "stop the {cover}",
            "(lock|unlock) [the] {lock}",
            "is the {lock} (locked|unlocked)",
            "did i (lock|close) the {lock}",
        ),
    ),
    "thermostat": (
        3,
        (
            (
                "(set|change|turn) [the] (temperature|thermostat|heating|heat) [in the "
                "{room}] to {degrees} [degrees]"
            ),
            "set [the] {room} [(temperature|thermostat)] to {degrees} degrees [(celsius|fahrenheit)]",
            (
                "(raise|lower|increase|decrease) the (temperature|heating|thermostat) "
                "[in the {room}] by {few} degrees"
            ),
            "make it (warmer|cooler|colder|hotter) [in (here|the {room})]",
            "what is the (temperature|humidity) [(in the {room}|inside|outside)]",
            "what's the (temperature|humidity) [(in the {room}|inside|outside)]",
            "how (warm|cold|hot|humid) is it (in the {room}|inside|outside)",
            "(turn|switch) (on|off|up|down) the (heating|heat|air conditioning|cooling) [in the {room}]",
            "it's too (hot|cold|warm) [in (here|the {room})]",
            "set the (heating|thermostat|air conditioning) to (auto|heat|cool|eco|away|off|dry) [mode]",
        ),
    ),
    "scene": (
        1,
        (
            "(activate|start|set|turn on|run) [the] {scene} [scene|mode]",
            "(it's|it is) {scene} time",
            "{scene}",
        ),
    ),
    "timer": (
        7,
        (
            "[please] (set|start|create|make) a timer for {duration} [please]",
            "(set|start|create) a {duration} timer",
            "(set|start) a {timer} timer for {duration}",
            "(set|start) a {duration} timer (for|called|named) [the] {timer}",
            "[set a] timer [for] {duration}",
            "{duration} timer",
            "remind me in {duration}",
            "count down [from] {duration}",
            "(cancel|stop|delete|clear|pause|resume|restart) [the|my] [{timer}] timer",
            "(cancel|stop|delete|clear|pause|resume) [the] {duration} timer",
            "(cancel|stop|delete|clear) all [the|my] timers",
            "how (much time|long) is left [on the [{timer}] timer]",
            "how (much time|long|many minutes) (is|are|do i have) left on [the|my] [{timer}] timer",
            "when (will|does) the [{timer}] timer (end|go off|finish)",
            "(what|which) timers (are running|do i have|are set)",
            "(add|put) {duration} (to|on) [the|my] [{timer}] timer",
            "(take|remove) {duration} (from|off) the [{timer}] timer",
            "(extend|increase|shorten) the [{timer}] timer by {duration}",
            "(is|how is) the {timer} timer (done|doing)",
        ),
    ),
    "alarm": (
        4,
        (
            "[please] (set|create|make) an alarm (for|at) {when}",
            (
                "(set|add) (an|my) alarm for {clock} [every {day}|on weekdays|on "
                "weekends|every day|tomorrow|{day}]"
            ),
            "wake me [up] at {when} [please]",
            "wake me [up] in {duration}",
            "(cancel|delete|remove|turn off|disable) [the|my] {clock} alarm",
            "(cancel|delete|remove|turn off|snooze|stop) (the|my|all|all my) (alarm|alarms) [for {daypart}]",
            "snooze [for {duration}]",
            "(what|which) alarms (are set|do i have) [for {day}|tomorrow]",
            "(when|what time) is my [next] alarm",
            "(change|move) my {clock} alarm to {clock}",
            "is there an alarm [set] for {when}",
        ),
    ),
    "time": (
        3,
        (
            "what time is it [now|please|in {city}]",
            "(what's|what is|tell me) the time [in {city}|please]",
            "(what's|what is|tell me) the date [today|tomorrow|on {day}]",
            "(what|which) day is (it|today|tomorrow|it today)",
            "what (day|date) is {date}",
            "how many days [are there] until {date}",
            "(what|which) (week|month|year) is (it|this)",
            "when is (easter|christmas|the next full moon|new year|sunset|sunrise)",
            "do you (know|have) the time",
        ),
    ),
    "volume": (
        4,
        (
            "(turn|bring) [the] volume (up|down) [to {percent} [percent]|by {few}|a bit|a little]",
            "(turn|bring) (up|down) the (volume|music|sound|radio|tv)",
            "(turn|make) it (up|down|louder|quieter) [a bit|a little|please]",
            "(set|change|turn) [the] volume to {percent} [percent]",
            "set [the] volume [in the {room}|on the speaker] to {ten}",
            "volume ({ten}|{percent} percent|up|down|maximum|minimum)",
            "(increase|decrease|raise|lower|reduce) [the] volume [by {percent} [percent]]",
            "(mute|unmute) [the (speaker|speakers|sound|music|tv|volume)]",
            "(what|how loud) is the volume",
            "(louder|quieter|softer) [please]",
            "(too|not so) (loud|quiet)",
        ),
    ),
    "music": (
        8,
        (
            "(play|pause|stop|resume|continue|start) [the] (music|song|track|album|radio|playlist|playback)",
            "(next|previous|last) (song|track|title|one) [please]",
            "(skip|repeat|replay|like|love|i like) this (song|track|one)",
            "skip [(the song|to the next song|ahead|forward|back) [please]]",
            "play {song} by {artist} [please]",
            "[please] play [the song|the track] {song}",
            "play [something|music|songs|some music|anything] by {artist} [in the {room}]",
            "play {artist} [in the {room}]",
            "play the album {album} [by {artist}]",
            "play [the|my] {playlist} playlist [on shuffle|in the {room}]",
            "play [the|my] playlist {playlist}",
            "(shuffle|start) [the|my] {playlist} [playlist]",
            "play [some|a bit of|my] {playlist} [music]",
            "play [the] [songs in the|music from the] folder {playlist}",
            "play [music|songs] from [the|my] {playlist} folder",
            "(shuffle|repeat) (on|off|all|everything|my music|the album|the playlist)",
            "(turn|switch) (shuffle|repeat) (on|off)",
            "(what|which) (song|track|music) is (this|playing|that)",
            "(who|what) is (this|singing|playing|the artist)",
            "(stop|pause) [the] music in {duration}",
            "add this [song] to [my] {playlist} [playlist]",
            "i want to (hear|listen to) {artist}",
            "put on [some|the song|the album] (some {playlist}|{song}|{artist}|{album})",
            "play the (next|first|last|second|previous) (song|track|album|episode)",
            "(fast forward|rewind|go back|go forward|jump ahead) {duration}",
            "play (it|that|this|the song) again",
            "(turn|switch) (on|off) the (music|radio)",
        ),
    ),
    "shopping": (
        5,
        (
            "[please] (add|put) [{quantity}] {item} (to|on) (the|my) shopping list",
            "add {item} and {item} to (the|my) [shopping|grocery] list",
            "add {item} {item} and {item} to (the|my) [shopping] list",
            "put [{quantity}] {item} on the list",
            "(we|i) need [{quantity}] {item}",
            "(we are|we're|i'm) out of {item}",
            "(remove|delete|take|cross) {item} (from|off) (the|my) [shopping|grocery] list",
            "(clear|empty|delete) (the|my) shopping list",
            "(what is|what's) on (the|my) [shopping|grocery|to do] list",
            "(read|tell|show) me (the|my) shopping list",
            "(is|are) {item} on (the|my) [shopping] list",
            "i (bought|got) [the] {item}",
            "add {reminder} to my to do list",
        ),
    ),
    "call": (
        5,
        (
            "[please] (call|phone|ring|dial) {contact} [please]",
            "(call|phone|ring) {contact} (on (his|her|their) mobile|at work|at home|on speaker)",
            "(can|could) you call {contact}",
            "(send|text|write) a (message|text) to {contact} [saying {message}]",
            "(text|message|tell) {contact} [that] {message}",
            "(send|text) {contact} a message",
            "(call|dial) {phone}",
            "(answer|hang up|end|decline|ignore) [the] (call|phone)",
            "hang up",
            "redial",
            "(did|has) {contact} (call|called|text) [me]",
            "do i have any [new] (messages|missed calls) [from {contact}]",
            "what is {contact}'s [phone] number",
            "add {contact} to my contacts",
            "announce [that] {message}",
        ),
    ),
    "reminder": (
        3,
        (
            "remind me to {reminder} [at {when}|in {duration}|{daypart}|on {day}|every {day}]",
            "[at {clock}] remind me to {reminder}",
            "(set|create|add) a reminder (to {reminder}|for {when}) [{daypart}]",
            "(cancel|delete|what are) [all] my reminders [for {daypart}]",
            (
                "(add|create|put) (a meeting|an appointment|lunch|dinner) with "
                "{contact} (on {day} at {clock}|{daypart})"
            ),
            "what is on my calendar [{daypart}|on {day}|for {day}]",
            "do i have (anything|any meetings|any appointments) (on {day}|{daypart}|at {clock})",
        ),
    ),
    "weather": (
        3,
        (
            (
                "(what is|what's|how is|how's) the weather [like] "
                "[today|tomorrow|{daypart}|on {day}] [in {city}]"
            ),
            "will it (rain|snow|be sunny|be windy|be cold) [today|tomorrow|on {day}] [in {city}]",
            "is it (going to rain|raining|sunny|windy|cold|snowing) [today|tomorrow|in {city}]",
            "do i need (an umbrella|a coat|a jacket|sunglasses|sunscreen) (today|tomorrow|on {day})",
            "weather (forecast|report|today|tomorrow|for {city}|in {city})",
            "(what's|what is|tell me|play|read me) the (news|headlines|latest news) [today|please]",
            "(what's|what is) in the news",
            "(when|what time) does the sun (rise|set) [today|tomorrow|on {day}]",
        ),
    ),
    "order": (
        7,
        (
            (
                "(i want|i'd like|i would like|i need|i'll have|i'll take|can i get|can i have|could i have|"
                "may i have|could i get|give me|get me|bring me|make me|order [me]|prepare|brew|cook|pour) "
                "(a|an|some|one|another|the) [{size}] [{manner}] "
                "(cup of {drink}|glass of {drink}|{drink}|{dish}) "
                "[with {extra}] [please]"
            ),
            (
                "(i want|i'd like|can i get|can i have|may i have|give me|get me|make me|brew|order) "
                "(a|an|some|the) [{manner}] [{size}] ({drink}|{dish}) with {extra} and {extra}"
            ),
            "(a|an|one|two|three) [{size}] [{manner}] ({drink}|{dish}) [with {extra}] [and {extra}] [please]",
            "[{size}] {manner} ({drink}|{dish}) [without {extra}]",
            "(how do i|how do you|how long do i|how long does it take to) (make|cook|bake|prepare) {dish}",
            "(start|stop|clean|descale|fill) the (coffee machine|coffee maker|espresso machine|kettle|oven)",
            "(what|which) kind of ({drink}|{dish}) (do you have|is there|do we have)",
            "(show|find|give) me a recipe for [{manner}] {dish} [with {extra}]",
            "(more|less|no|extra|add|without|hold the) {extra} [please]",
        ),
    ),
    "thing": (
        2,
        (
            "(where is|where are|find|have you seen) (my|the|our) {thing}",
            "(add|put) [{quantity}] (a|an|the|some) {thing} (to|on) (the|my) [shopping|to do|packing] list",
            "(order|buy) [me] (a|an|some) [new] [{size}] {thing}",
            "(remind me to|don't forget to) (buy|clean|fix|charge|bring|find|wash|return) (a|the|my) {thing}",
            "(how much is|how big is|what colour is) (a|the|my) {thing}",
            "(open|close|move|start|stop|show) (the|my) {thing}",
            "the {thing} and the {thing}",
        ),
    ),
    "control": (
        4,
        (
            (
                "(stop|cancel|cancel that|never mind|forget it|be quiet|stop "
                "talking|shut up|that's enough|no thanks)"
            ),
            "(what can i say|what can you do|help|help me|what do you understand|what are my options)",
            "(turn|switch) (on|off) local only [mode]",
            "(turn|switch) local only [mode] (on|off)",
            "(enable|disable|activate|start|stop|leave|enter|go) local only [mode]",
            "(is|are you in) local only mode [on|active]",
            "(go|stay|work) (offline|online)",
            "(say that again|repeat that|what did you say|can you repeat that|pardon|sorry)",
            "(thanks|thank you) [very much|alexa]",
            "(undo|undo that|go back|start over)",
            "(good morning|good night|good evening|hello|goodbye|how are you|who are you|what is your name)",
            "tell me a (joke|story|fact|riddle)",
            "(flip a coin|roll a dice|pick a number)",
            "what is {few} (plus|minus|times|divided by) {ten}",
            "how many (ounces|grams|cups|liters|miles) [are] in {few} (pounds|kilos|gallons|kilometers)",
            "how do you spell {item}",
        ),
    ),
}

SPELLED_TEMPLATES = (
    "{letters}",
    "{digits}",
    "{phone}",
    "my (phone|telephone) number is {phone}",
    "(the|my) (code|pin|number|password) is {digits}",
    "(i live at|my address is|the address is|go to|send it to) {address}",
    "{address}",
    "(it's|my name is|this is|i am|the name is) {full_name}",
    "{full_name}",
    "{spelled_name}",
    "(my name is|it's spelled|that's spelled|my last name is|first name) {spelled_name}",
)
