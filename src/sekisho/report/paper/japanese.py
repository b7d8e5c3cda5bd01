# ruff: noqa: RUF001 - Japanese punctuation is full-width
"""The report in Japanese. Names of rules, and what the engine says of single records, stay in English."""

from sekisho.report.japanese import JAPANESE as WORDS

from .catalogue import Catalogue

JAPANESE = Catalogue(
    words=WORDS,
    severities={"High": "高", "Medium": "中", "Low": "低", "Informational": "情報"},
    severity_meanings={
        "High": "インターネットから到達でき、公開すべきでないサービスのポートが開いている。",
        "Medium": "インターネットから到達できる。または、公開すべきでないサービスに他のネットワークから到達できる。",
        "Low": "到達できるが、公開を意図することの多いサービスである。または、インターネット以外から到達できる。",
        "Informational": "参考情報。意図した構成であることも多い。",
    },
    rules={
        "RecognizedPortWithListener": "既知のサービスのポートでプロセスが待ち受けており、そのポートに到達できる。",
        "RecognizedPortNoListener": (
            "既知のサービスのポートに到達できる。リスナー一覧によれば、待ち受けているプロセスはない。"
        ),
        "RecognizedPortNoAgent": (
            "既知のサービスのポートに到達できる。待ち受けの有無は、リスナー一覧がないため分からない。"
        ),
        "UnrecognizedPortWithListener": (
            "既知のサービス以外のポートでプロセスが待ち受けており、そのポートに到達できる。"
        ),
        "NetworkExposure": "インスタンスの到達可能な全ポートを、経路ごとに 1 件にまとめたもの。",
    },
    kinds={
        "accelerator": "アクセラレーター",
        "carrier-gateway": "キャリアゲートウェイ",
        "client-vpn-endpoint": "クライアント VPN エンドポイント",
        "egress-only-internet-gateway": "Egress-Only インターネットゲートウェイ",
        "endpoint-service": "エンドポイントサービス",
        "firewall": "ネットワークファイアウォール",
        "instance": "インスタンス",
        "instance-connect-endpoint": "Instance Connect エンドポイント",
        "internet-gateway": "インターネットゲートウェイ",
        "load-balancer": "ロードバランサー",
        "local-gateway": "ローカルゲートウェイ",
        "local-gateway-route-table": "ローカルゲートウェイのルートテーブル",
        "nat-gateway": "NAT ゲートウェイ",
        "network-acl": "ネットワーク ACL",
        "network-interface": "ネットワークインターフェイス",
        "route-table": "ルートテーブル",
        "security-group": "セキュリティグループ",
        "transit-gateway": "Transit Gateway",
        "transit-gateway-attachment": "Transit Gateway アタッチメント",
        "transit-gateway-policy-table": "Transit Gateway ポリシーテーブル",
        "transit-gateway-route-table": "Transit Gateway ルートテーブル",
        "verified-access-endpoint": "Verified Access エンドポイント",
        "virtual-private-gateway": "仮想プライベートゲートウェイ",
        "vpc-endpoint": "VPC エンドポイント",
        "vpc-origin": "VPC オリジン",
        "vpc-peering-connection": "VPC ピアリング接続",
    },
    actions={
        "allow": "許可",
        "deny": "遮断",
        "route": "転送",
        "translate": "アドレス変換",
        "deliver": "到達",
    },
    contributions={
        "ingress": (
            "重要度と起点の一覧：重要度「高」「中」の検出結果 {serious} 件、検査 {rows} 件中 {closed} 件で遮断を証明"
        ),
        "paths": "個票：{interfaces} 個のインターフェイスについて、経路または遮断箇所と各ホップのルール",
        "coverage": "対象と網羅性：母集団の照合、未評価の事項、前提",
        "map": "今回の構成から描いたネットワーク構成図",
        "changes": "前回評価からの変更点",
        "exceptions": "承認済みの例外 {exceptions} 件（責任者・理由・期限）",
        "findings": "ルール別の検出結果 {findings} 件",
        "passed": "合格した検査：{rows} 件中 {closed} 件で遮断を証明",
        "ports": "ルール別の検出結果：開いているポートとサービス、経路、送信元",
        "digest": "入力のダイジェスト：評価した構成の特定",
        "sign-off": "承認欄：実施者・確認者・承認者",
    },
    reasons={
        "the VPC has no way of it": "VPC にこの経路がない",
        "no route of the VPC leads there": "VPC のどのルートも通じていない",
        "not asked for": "評価の対象外",
    },
    method=(
        "AWS の API が返すネットワーク構成をファイルから読み取り、評価する。ネットワークにパケットは送らない。",
        (
            "起点ごとに、すべての送信元・プロトコル・ポートのパケットを集合として扱い、ゲートウェイ、ルートテーブル、"
            "ネットワーク ACL、セキュリティグループを経て各アドレスに届くか、応答が戻るかを求める。"
            "判断の規則は AWS の文書に基づき、番号を付けてセマンティクス（第 {semantics} 版）にまとめてある。"
        ),
        (
            "各判定は、パケットを 1 個ずつ追跡する独立した実装と突き合わせて確認している。"
            "入力から決まらない事柄がある場合は「判定不能」とし、遮断されているとはみなさない。"
        ),
        (
            "本報告書は、記載時点の構成を机上で検査したものである。ペネトレーションテストを補うものであり、代わるもの"
            "ではない。"
        ),
    ),
    roles=("実施者", "確認者", "承認者"),
    fields=("氏名", "役職", "日付", "印"),
    text={
        "answer_title": "評価の問いと結論",
        "question": "評価の問い：{target}に、次の起点から何が到達できるか（{origins}）。",
        "answer_closed": "対象の {total} 個のアドレスには、いずれの起点からも到達できない。これは証明されている。",
        "answer_open": (
            "対象の {total} 個のアドレスのうち、{opened} 個に VPC の外から到達できる{undecided}。{findings}。"
        ),
        "answer_undecided": "（ほかに {} 個は判定不能）",
        "answer_findings": "未承認の検出結果は {}",
        "answer_no_findings": "未承認の検出結果はない",
        "population_open": "母集団が完全でない可能性がある。理由は「対象範囲と網羅性」に示す。",
        "listed": "、",
        "kind": "報告書の種類",
        "kind_finding": "検出結果報告書",
        "kind_full": "全件報告書",
        "matrix_title": "重要度と起点",
        "matrix_note": "検出結果を重要度別に、アドレスを判定別に、それぞれ起点ごとに数える。",
        "findings_by": "検出結果（件）",
        "verdicts_by": "判定（アドレス数）",
        "severity": "重要度",
        "verdict": "判定",
        "total": "合計",
        "coverage_title": "対象範囲と網羅性",
        "population": "母集団：スナップショット内、対象、判定済みのインターフェイス",
        "not_assessed": "評価していない事項とその理由",
        "nothing_left_out": "対象範囲に評価漏れはない。取得した API の応答は、すべて欠けることなく読み取った。",
        "assumptions_title": "前提と未解決の事項",
        "no_assumptions": "前提、未解決の事項、存在しないとみなしたものに基づく判定はない。",
        "what_kind": "種類",
        "sentence": "内容（原文）",
        "origins": "起点",
        "origin": "起点",
        "where": "アカウント・リージョン",
        "why": "理由",
        "assumed_absent_too": "（存在しないとみなす：{}）",
        "map_title": "ネットワーク構成図",
        "map_note": (
            "赤はその経路で到達できるアドレスがあることを、灰色は到達できるアドレスがない接続を示す。"
            "数字は「到達できるアドレス数／全アドレス数」。"
        ),
        "map_cut": "最初の {} 個の VPC を図示した。全体は {} 個で、判定は全 VPC を対象としている。",
        "map_alt": "VPC の構成図：{}。",
        "map_internet": "インターネット",
        "map_reached": "到達可能 {} / {}",
        "one_subnet": "サブネット 1 個",
        "subnets": "サブネット {} 個",
        "connection": "接続",
        "connections": "VPC 間および他のネットワークとの接続",
        "state": "状態",
        "ends": "接続先",
        "changes_title": "前回からの変更点",
        "no_previous": "比較する前回の評価は指定されていない。",
        "compared_with": "比較対象：{} の構成、入力 ",
        "other_semantics": (
            "前回の評価はセマンティクス第 {} 版、今回は第 {} 版による。差異はツールの変更による可能性がある。"
        ),
        "no_changes": "変更はない。検出結果、判定、通信のいずれも前回と同じである。",
        "changed": "新規の検出結果 {} 件、解消 {} 件、継続 {} 件。判定または通信の変化 {} 件。",
        "new_findings": "新規の検出結果",
        "gone_findings": "解消した検出結果",
        "changed_rows": "判定・通信の変化",
        "address": "アドレス",
        "before": "前回",
        "now": "今回",
        "not_there": "なし",
        "flows": "通信 {} 件",
        "finding": "検出結果",
        "sheets_title": "インスタンス別の個票",
        "sheets_note": (
            "インスタンスまたはインターフェイスごとに、何が到達できるか、経路または遮断箇所とともに示す。"
            "図は例となるパケット 1 個の経路であり、到達できるパケットのすべては表に示す。"
        ),
        "sheets_left_out": "どこからも到達できない {} 個のインスタンス・インターフェイスは、全件報告書にのみ記載する。",
        "accepted": "承認済み",
        "packet_goes": "パケット",
        "reply_comes": "応答",
        "not_reached": "到達しない",
        "no_rule": "許可するものがない",
        "on_the_packet": "パケットの遮断：",
        "on_the_reply": "応答の遮断：",
        "way_alt": "パケットの経路：{}。",
        "back_alt": "応答の経路：{}。",
        "cut_alt": "障壁：{}。",
        "colon": "：",
        "ports_open": "ポート {}",
        "finding_title": "{who}：{what} に{origin}到達できる",
        "without_reply": "（応答なし）",
        "rules_title": "ルール別の検出結果",
        "rules_note": (
            "ルールの名称と重要度は、Amazon Inspector Classic の Network Reachability パッケージに従う。"
            "「Failed N」は、そのルールの検出結果があるインスタンスが N 台あることを示す。"
        ),
        "rules_caption": "検出結果のあるルール",
        "rule": "ルール",
        "what_is_open": "開いているもの",
        "instances": "インスタンス",
        "worst": "最高の重要度",
        "failed": "Failed",
        "failed_n": "Failed {}",
        "findings": "検出結果",
        "through": "経由",
        "senders": "送信元",
        "listener": "プロセス {}",
        "passed_title": "合格した検査",
        "passed_note": (
            "検査の単位は、1 アドレスと 1 起点の組である。パケットが一つも届かないことを証明できたものを合格とする。"
        ),
        "passed_caption": "起点別の遮断状況",
        "closed_of": "遮断／検査",
        "one_layer": "うち 1 層のみで遮断",
        "least_depth": "最小の層数",
        "passed_rules": "検出結果のないルール",
        "result": "結果",
        "passed_rule": "合格",
        "undecided_rule": "判定不能",
        "every_check": "全検査の一覧",
        "exceptions_title": "承認済みの例外",
        "exceptions_note": "構成の取得日を基準に判断する。期限切れの例外は効力を持たない。",
        "no_exceptions": "例外は指定されていない。",
        "covers": "対象",
        "owner": "責任者",
        "reason": "理由",
        "expires": "期限",
        "status": "状態",
        "approved_by": "承認：{}",
        "in_force": "有効",
        "expired": "期限切れ",
        "covers_n": "検出結果 {} 件が該当",
        "covers_none": "該当なし",
        "method_title": "評価方法と限界",
        "controls_title": "管理策との対応",
        "controls_note": (
            "本報告書が各基準の管理策にどう役立つかを示す。要求事項は当方の言葉による要約であり、"
            "正確な内容は各基準の原文による。準拠を主張するものではない。"
        ),
        "to_be_confirmed": "要確認：ライセンスされた原文との照合が必要",
        "control": "管理策",
        "asks": "要求事項（当方による要約）",
        "contributes": "本報告書による証跡",
        "appendix_title": "付録",
        "ports_title": "既知のサービスのポート",
        "ports_note": "既知のポートとして扱うものと、到達できる場合の重要度。",
        "service": "サービス",
        "from_internet": "インターネットから",
        "from_elsewhere": "その他の起点から",
        "severities_title": "重要度",
        "meaning": "意味",
        "inputs_title": "入力のダイジェスト",
        "inputs_note": "読み取った全ファイルの名前とダイジェストから求めたダイジェスト：",
        "file": "ファイル",
        "bytes": "バイト数",
        "more_files": "ほかに {} 個のファイルがある（ダイジェストには含まれる）。",
        "sign_off_title": "承認欄",
        "sign_off_note": "手書きまたは電子署名により記入する。実施者と確認者は別の者とすることが望ましい。",
        "running": "入力 {}",
        "contents": "目次",
        "page": "ページ",
    },
    outwards={
        "question": "評価の問い：{target}から、次の宛先の何に到達できるか（{origins}）。",
        "answer_closed": "対象の {total} 個のアドレスは、いずれの宛先にも到達できない。これは証明されている。",
        "answer_open": "対象の {total} 個のアドレスのうち、{opened} 個から VPC の外に到達できる{undecided}。",
        "matrix_title": "判定の集計",
        "matrix_note": "アドレスを判定別に、宛先ごとに数える。",
        "rules_note": "検出結果は内向きの通信に関するものであり、ここにはない。",
        "map_reached": "外へ到達 {} / {}",
        "map_note": "赤はその経路で外に出られることを、灰色は出られないことを示す。",
        "senders": "宛先",
        "sheets_note": "インスタンスまたはインターフェイスごとに、何に到達できるか、経路または遮断箇所とともに示す。",
    },
)
