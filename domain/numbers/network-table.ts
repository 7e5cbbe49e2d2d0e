/** One network and the number prefixes allocated to it. */
export interface NetworkRow {
  /** E.164 country calling code. */
  callingCode: string;
  /** ITU-T E.212 country and network code in one word, five or six digits. */
  mccMnc: string;
  name: string;
  /** Prefixes after the calling code, separated by single spaces. */
  prefixes: string;
}

/**
 * A starting table of mobile number ranges: facts of the national numbering plans, by country, for the larger networks.
 *
 * What it is not: it knows nothing of number portability (a ported number still shows its first network), leaves out
 * virtual operators and small ranges, and has no row for plans where the number does not tell the network (+1, India's
 * circles, Brazil). A number without a row is priced and routed by its country.
 *
 * To replace it, give rows of the same shape (from a numbering-plan subscription, or a portability extract with whole
 * numbers as prefixes) to `compileNetworks` in network.ts.
 */
export const networkTable: readonly NetworkRow[] = [
  ...country("20", [
    ["60201", "Orange Egypt", "12"],
    ["60202", "Vodafone Egypt", "10"],
    ["60203", "e& Egypt", "11"],
    ["60204", "WE", "15"],
  ]),
  ...country("27", [
    ["65501", "Vodacom", "606 607 608 609 636 637 646 647 648 649 660 661 662 663 664 665 673 674 675 71 72 76 79 82"],
    ["65502", "Telkom Mobile", "614 658 659 67 68 811 812 813 814 815 817"],
    ["65507", "Cell C", "61 62 641 642 643 644 645 74 84"],
    ["65510", "MTN South Africa", "603 604 605 63 640 655 656 657 686 687 688 689 710 717 718 719 73 78 810 83"],
  ]),
  ...country("30", [
    ["20201", "Cosmote", "697 698"],
    ["20205", "Vodafone Greece", "694 6950 6951 6955 6956 6957 6958 6959"],
    ["20210", "Nova", "6906 6907 6908 6909 693 699"],
  ]),
  ...country("31", [
    ["20404", "Vodafone NL", "611 615 621 625 627 629 631 646 650 652 654 655"],
    ["20408", "KPN", "610 612 613 620 622 623 630 651 653 657"],
    ["20416", "Odido", "614 618 624 628 638 641 642 643 648"],
  ]),
  ...country("32", [
    ["20601", "Proximus", "460 47"],
    ["20610", "Orange Belgium", "49"],
    ["20620", "Telenet", "468 469 483 484 485 486 487 488 489"],
  ]),
  ...country("33", [
    ["20801", "Orange France", "607 608 63 640 642 643 645 647 648 649 654 67 68 78"],
    ["20810", "SFR", "601 602 603 609 61 62 634 635 646 655 776 777 778 779"],
    ["20815", "Free Mobile", "651 652 695 766 767 768 769 781 782 783"],
    ["20820", "Bouygues Telecom", "650 658 659 66 698 699 76"],
  ]),
  ...country("34", [
    ["21401", "Vodafone Spain", "600 601 605 607 610 617 627 634 637 647 661 662 663 664 666 667 67 687 697"],
    ["21403", "Orange Spain", "615 625 635 644 645 651 652 653 654 655 656 657 658 665 675 685 691 692"],
    ["21404", "Yoigo", "613 622 633 698"],
    [
      "21407",
      "Movistar",
      "606 608 609 616 618 619 620 626 628 629 630 636 638 639 646 648 649 650 659 660 669 676 679 680 682 683 686 689 690 696 699",
    ],
  ]),
  ...country("351", [
    ["26801", "Vodafone Portugal", "91"],
    ["26803", "NOS", "93"],
    ["26806", "MEO", "925 926 927 96"],
  ]),
  ...country("353", [
    ["27201", "Vodafone Ireland", "87"],
    ["27202", "Three Ireland (O2)", "86"],
    ["27203", "eir", "85"],
    ["27205", "Three Ireland", "83"],
  ]),
  ...country("358", [
    ["24405", "Elisa", "46 50"],
    ["24412", "DNA", "41 44"],
    ["24491", "Telia Finland", "40 42"],
  ]),
  ...country("359", [
    ["28401", "A1 Bulgaria", "88"],
    ["28403", "Vivacom", "87"],
    ["28405", "Yettel Bulgaria", "89"],
  ]),
  ...country("36", [
    ["21601", "Yettel Hungary", "20"],
    ["21630", "Magyar Telekom", "30"],
    ["21670", "One Hungary", "70"],
  ]),
  ...country("380", [
    ["25501", "Vodafone Ukraine", "50 66 75 95 99"],
    ["25503", "Kyivstar", "67 68 77 96 97 98"],
    ["25506", "lifecell", "63 73 93"],
  ]),
  ...country("385", [
    ["21901", "Hrvatski Telekom", "98 99"],
    ["21902", "Telemach Croatia", "95"],
    ["21910", "A1 Croatia", "91 92"],
  ]),
  ...country("39", [
    ["22201", "TIM", "33 360 366 368 370"],
    ["22210", "Vodafone Italy", "34 383"],
    ["22250", "Iliad Italy", "351 352"],
    ["22288", "WindTre", "32 38 391 392 393"],
  ]),
  ...country("40", [
    ["22601", "Vodafone Romania", "72 73"],
    ["22603", "Telekom Romania", "76"],
    ["22605", "Digi", "770 771 772 773 774 775 776 777"],
    ["22610", "Orange Romania", "74 75"],
  ]),
  ...country("41", [
    ["22801", "Swisscom", "79"],
    ["22802", "Sunrise", "76"],
    ["22803", "Salt", "78"],
  ]),
  ...country("420", [
    ["23001", "T-Mobile Czechia", "603 604 605 730 731 732 733 734 735 736 737 738 739"],
    ["23002", "O2 Czechia", "601 602 606 607 702 72"],
    ["23003", "Vodafone Czechia", "608 773 774 775 776 777"],
  ]),
  ...country("43", [
    ["23201", "A1", "664 680"],
    ["23203", "Magenta", "650 676"],
    ["23205", "Drei", "660 699"],
  ]),
  ...country("44", [
    ["23410", "O2 UK", "751 754 756 759 770 771 773 784"],
    ["23415", "Vodafone UK", "7500 7501 7502 7503 7551 7552 7553 7554 7555 7584 7585 7586 7587 776 777 778"],
    ["23420", "Three UK", "7400 7401 7402 7403 7411 7412 7413 7414 7426 7427 7428 7429 747 7575 7576 7577 7578 7588"],
    ["23430", "EE", "7432 7433 7434 7483 7484 7485 7486 7487 7504 7505 7506 7507 7508 794 795 796"],
  ]),
  ...country("45", [
    ["23801", "TDC", "201 202 203 204 205 21 24 29 30 51 61"],
    ["23802", "Telenor Denmark", "206 207 208 209 22 25"],
    ["23806", "3 Denmark", "31"],
    ["23820", "Telia Denmark", "26 27 28"],
  ]),
  ...country("46", [
    ["24001", "Telia Sweden", "702 703 705 706 722 725 730"],
    ["24002", "Tre Sweden", "763"],
    ["24007", "Tele2 Sweden", "700 704 707 736 737 762 765"],
    ["24008", "Telenor Sweden", "708 709 733"],
  ]),
  ...country("47", [
    ["24201", "Telenor Norway", "41 90 91 95 97 99"],
    ["24202", "Telia Norway", "412 413 45 92 93"],
  ]),
  ...country("48", [
    ["26001", "Plus", "601 603 605 607 609 661 663 665 667 669 691 693 695 697 781 782 783 785"],
    [
      "26002",
      "T-Mobile Poland",
      "532 538 539 600 602 604 606 608 660 662 664 668 692 694 696 698 784 787 788 880 882 886 888 889",
    ],
    ["26003", "Orange Poland", "50 51 571 572 690 797 798"],
    ["26006", "Play", "53 570 574 575 576 577 578 730 731 732 733 79 881 883"],
  ]),
  ...country("49", [
    ["26201", "Telekom Deutschland", "151 160 170 171 175"],
    ["26202", "Vodafone Germany", "1520 1522 1523 1525 162 172 173 174"],
    ["26203", "O2 Germany", "1570 1573 1575 1577 1578 1590 163 176 177 178 179"],
    ["26223", "1&1", "1555 1556"],
  ]),
  ...country("57", [
    ["732101", "Claro Colombia", "310 311 312 313 314 320 321 322"],
    ["732103", "Tigo Colombia", "300 301 304"],
    ["732123", "Movistar Colombia", "315 316 317 318"],
  ]),
  ...country("60", [
    ["50212", "Maxis", "12 142 17"],
    ["50216", "Digi", "143 146 149 16"],
    ["50218", "U Mobile", "182 183 184"],
    ["50219", "Celcom", "13 145 148 19"],
  ]),
  ...country("61", [
    [
      "50501",
      "Telstra",
      "400 407 408 409 417 418 419 427 428 429 437 438 439 447 448 455 456 457 458 459 467 472 473 474 475 476 477 484 487 488 49",
    ],
    ["50502", "Optus", "401 402 403 411 412 413 421 422 423 431 432 434 435 466 468 478 479 481 482 495"],
    ["50503", "Vodafone Australia", "404 405 406 410 414 415 416 424 425 426 430 433 449 450 451 452"],
  ]),
  ...country("62", [
    ["51001", "Indosat", "814 815 816 855 856 857 858"],
    ["51009", "Smartfren", "881 882 883 887 888 889"],
    ["51010", "Telkomsel", "811 812 813 821 822 823 851 852 853"],
    ["51011", "XL Axiata", "817 818 819 859 877 878 879"],
    ["51089", "3 Indonesia", "895 896 897 898 899"],
  ]),
  ...country("63", [
    ["51502", "Globe", "905 906 915 916 917 926 927 935 936 937 945 955 956 965 966 967 975 976 977 995 996 997"],
    ["51503", "Smart", "907 908 909 910 911 912 918 919 92 93 94 950 951 961 963 968 970 981 998 999"],
    ["51566", "DITO", "924 934 944 991 992 993 994"],
  ]),
  ...country("64", [
    ["53001", "One NZ", "21 29"],
    ["53005", "Spark", "27"],
    ["53024", "2degrees", "22"],
  ]),
  ...country("7", [
    ["25001", "MTS Russia", "910 911 912 913 914 915 916 917 918 919 980 981 982 983 984 985 987 988 989"],
    ["25002", "MegaFon", "920 921 922 923 924 925 926 927 928 929 931 937"],
    ["25099", "Beeline Russia", "903 905 906 909 960 961 962 963 964 965 966 967 968"],
    ["40101", "Beeline Kazakhstan", "705 771 776 777"],
    ["40102", "Kcell", "701 702 775 778"],
    ["40177", "Tele2 Kazakhstan", "700 707 708 747"],
  ]),
  ...country("84", [
    ["45201", "MobiFone", "70 76 77 78 79 89 90 93"],
    ["45202", "Vinaphone", "81 82 83 84 85 88 91 94"],
    ["45204", "Viettel", "32 33 34 35 36 37 38 39 86 96 97 98"],
    ["45205", "Vietnamobile", "56 58 92"],
  ]),
  ...country("880", [
    ["47001", "Grameenphone", "13 17"],
    ["47002", "Robi", "16 18"],
    ["47003", "Banglalink", "14 19"],
    ["47004", "Teletalk", "15"],
  ]),
  ...country("90", [
    ["28601", "Turkcell", "53"],
    ["28602", "Vodafone Türkiye", "54"],
    ["28603", "Türk Telekom", "50 55"],
  ]),
  ...country("92", [
    ["41001", "Jazz", "30 32"],
    ["41003", "Ufone", "33"],
    ["41004", "Zong", "31"],
    ["41006", "Telenor Pakistan", "34"],
  ]),
  ...country("212", [
    ["60400", "Orange Morocco", "612 614 617 619 644 645 649 656 657 660 663 664 665 669 674 675 679"],
    ["60401", "Maroc Telecom", "61 622 623 624 628 636 637 639 641 642 643 648 65 661 662 666 667 668 67"],
    ["60402", "Inwi", "60 626 627 629 630 633 634 635 638 640 646 647 70 71"],
  ]),
  ...country("233", [
    ["62001", "MTN Ghana", "24 54 55 59"],
    ["62002", "Telecel Ghana", "20 50"],
    ["62003", "AT Ghana", "26 27 56 57"],
  ]),
  ...country("234", [
    ["62120", "Airtel Nigeria", "701 708 802 808 812 901 902 904 907 912"],
    ["62130", "MTN Nigeria", "703 704 706 803 806 810 813 814 816 903 906 913 916"],
    ["62150", "Glo", "705 805 807 811 815 905 915"],
    ["62160", "9mobile", "809 817 818 908 909"],
  ]),
  ...country("254", [
    ["63902", "Safaricom", "11 70 71 72 74 757 758 759 768 769 79"],
    ["63903", "Airtel Kenya", "10 73 75 78"],
    ["63907", "Telkom Kenya", "77"],
  ]),
  ...country("966", [
    ["42001", "stc", "50 53 55"],
    ["42003", "Mobily", "54 56"],
    ["42004", "Zain KSA", "58 59"],
  ]),
  ...country("971", [
    ["42402", "e& UAE", "50 54 56"],
    ["42403", "du", "52 55 58"],
  ]),
  ...country("972", [
    ["42501", "Partner", "54"],
    ["42502", "Cellcom Israel", "52"],
    ["42503", "Pelephone", "50"],
    ["42507", "HOT mobile", "53"],
    ["42508", "Golan Telecom", "58"],
  ]),
];

function country(callingCode: string, rows: readonly (readonly [string, string, string])[]): NetworkRow[] {
  return rows.map(([mccMnc, name, prefixes]) => ({ callingCode, mccMnc, name, prefixes }));
}
