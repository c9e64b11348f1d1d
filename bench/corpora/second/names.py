"""Given names and surnames of the second set, by where families come from.

Nobody here exists: the lists are short, common, and combined by dice. Some names are words as well
(Storm, Bo, Roos, Sol), because children are called that.
"""

from collections.abc import Sequence

GIVEN: dict[str, tuple[str, str]] = {
    "dutch": (
        "Daan Sem Thijs Jesse Ruben Lars Tijn Gijs Stijn Floris Mees Jayden Dylan Kyano Joris Koen "
        "Wessel Hidde Siem Boaz Pepijn Olivier Jurre Sven Niek Bram Freek Rik Sjoerd Wiebe "
        "Jan-Willem Pieter",
        "Sanne Lotte Fleur Noor Evi Fenna Saar Liv Anouk Femke Maud Tess Britt Jip Isa Lieke Merel "
        "Nynke Hanneke Marije Yfke Doutzen Floor Puck Kiki Zoë Annemijn Roos Anne-Fleur Mirte Eef",
    ),
    "wordy": (
        "Storm Bo Sky River Wolf Ties Loek Pim Melle Beer Stef Valentijn Mats Bas Jet Berend",
        "Roos Iris Linde Juni Fee Dag Lente Jet Bloem Vlinder Amber Sterre Madelief Pleun Bo Wende",
    ),
    "danish": (
        "Mikkel Rasmus Emil Oliver Noah Magnus Villads Aksel Malthe Anton Asger Bertil Frode "
        "Elliot Jeppe Kasper Laurits Nohr Otto Sylvester Theo Valdemar Viggo Ærø "
        "Jens-Peter Lauge Storm",
        "Freja Ida Alma Clara Agnes Ellen Josefine Karla Lærke Maja Nanna Olivia Rosa Signe Sofie "
        "Thea Tilde Vilma Astrid Bodil Cæcilie Dagmar Esther Filippa Gry Sol Liva Ane-Marie",
    ),
    "turkish": (
        "Emir Yusuf Kerem Mert Berat Ömer Eymen Furkan Baran Kaan Tolga Cem",
        "Elif Zeynep Defne Ecrin Azra Esma Nisa Ceylin Büşra Hatice Melek Sude",
    ),
    "moroccan": (
        "Mohamed Ayoub Bilal Ilias Zakaria Anas Younes Soufiane Imran Yassin Nabil Achraf",
        "Fatima Salma Nour Hajar Ikram Yasmina Dounia Naoual Siham Oumaima Loubna Chaimae",
    ),
    "polish": (
        "Jakub Kacper Szymon Filip Wojtek Mateusz Bartosz Oskar Igor Paweł",
        "Zuzanna Maja Wiktoria Oliwia Kinga Nadia Agnieszka Hania Aleksandra Małgorzata",
    ),
    "surinamese": (
        "Ravi Jermaine Rishi Dwight Gianni Quincy Shaquille Darell Anil Romeo",
        "Shanice Priya Chelsey Rosheny Shirley Xaviera Anuradha Naomi Sharda Joëlle",
    ),
    "somali": (
        "Abdirahman Liban Mahad Guled Abdullahi Zakariye Warsame Ismail Hamza Khalid",
        "Hodan Ayaan Hamdi Ifrah Sagal Nasteexo Faduma Amina Zahra Idil",
    ),
    "syrian": (
        "Omar Majd Karam Tarek Adnan Hadi Laith Rami Yazan Abd al-Rahman".replace(
            "Abd al-Rahman", "Abdulrahman"
        ),
        "Rima Lamar Sidra Hala Joudi Maram Rahaf Tala Yara Shahd",
    ),
    "faroese": (
        "Bárður Høgni Rói Tróndur Jákup Búi Sjúrður Eyðun",
        "Bergtóra Rannvá Marjun Sólrun Vár Durita Barba Óluva",
    ),
    "greenlandic": (
        "Malik Aputsiaq Inuk Miki Nuka Pilutaq Angaju Salik",
        "Pipaluk Ivalu Nivi Paninnguaq Aviaja Naja Arnannguaq Tupaarnaq",
    ),
    "english": (
        "Oscar Harry Ethan Callum Finlay Arjun Kofi Owen",
        "Imogen Grace Poppy Aisha Chloe Niamh Ottilie Ruth",
    ),
}

FAMILY: dict[str, str] = {
    "dutch": "de Vries,van der Berg,Jansen,Bakker,van Dijk,Visser,Smit,Mulder,de Groot,Bos,Vos,"
    "Hendriks,van Leeuwen,Dekker,Brouwer,de Wit,Dijkstra,van der Meer,Peters,Kok,van den Heuvel,"
    "Hoekstra,Koster,Prins,Huisman,Postma,Kuiper,Veenstra,ter Horst,van 't Hoff,Wolters,"
    "op den Kamp,in 't Veld,Scholten,Groen,de Jong-Terpstra,Sloot,Timmer,Zwart,Boonstra",
    "danish": "Jensen,Nielsen,Hansen,Pedersen,Andersen,Christensen,Larsen,Sørensen,Rasmussen,Holm,"
    "Krogh,Bech,Lund Petersen,Møller,Kjær,Bjerregaard,Toft,Damgaard,Friis,Skov,Juul Thomsen,"
    "Østergaard,Winther,Nørgaard Olsen,Dam,Vestergaard,Lauridsen,Bruun,Hald,Carstensen",
    "turkish": "Yılmaz,Kaya,Demir,Çelik,Şahin,Öztürk,Aydın,Koç,Arslan,Doğan",
    "moroccan": "El Amrani,Benali,Bouzid,El Idrissi,Ouali,Azzouzi,Ait Hamou,Bakkali,Chaoui,"
    "El Khattabi",
    "polish": "Kowalski,Nowak,Wiśniewska,Zieliński,Wójcik,Mazur,Kaczmarek,Lis,Dąbrowska,Pawlak",
    "surinamese": "Ramdin,Kartosen,Pinas,Mahabier,Somopawiro,Jagroep,Biharie,Esajas,Landveld,Wong",
    "somali": "Abdi Hassan,Warsame,Mohamud,Farah,Jama,Osman Ali,Yusuf,Duale",
    "syrian": "al-Hamwi,Khoury,Haddad,Darwish,al-Masri,Sabbagh,Nasser,Kassab",
    "faroese": "Joensen,Djurhuus,Poulsen,í Dali,Hammer,Olsen,á Heygum,Debes",
    "greenlandic": "Kleist,Lynge,Motzfeldt,Petersen,Kreutzmann,Olsvig,Berthelsen,Heilmann",
    "english": "Harrison,O'Connor,Patel,Whitfield,Mensah,Clarke,McAllister,Okafor",
}
FAMILY["wordy"] = FAMILY["dutch"]

ORIGINS: dict[str, Sequence[str]] = {
    "nl": ("dutch",) * 9
    + ("wordy", "wordy", "turkish", "moroccan", "moroccan", "polish", "surinamese", "somali")
    + ("syrian",),
    "da": ("danish",) * 10
    + ("turkish", "somali", "syrian", "polish", "faroese", "greenlandic", "wordy"),
    "en": ("english", "english", "english", "dutch", "danish", "syrian", "turkish", "surinamese"),
}
"""From where the families of a country come, as often as they stand here."""

PREFIXES = ("van der", "van den", "van de", "van 't", "op den", "in 't", "van", "ter", "den", "de")
